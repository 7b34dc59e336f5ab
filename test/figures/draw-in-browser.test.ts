/** Figures that only a browser can draw. Without a Chromium on this machine most of this is skipped. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { Resvg } from "@resvg/resvg-js";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { closeBrowser } from "../../kernel-lib/src/figures/browser.js";
import {
  drawFigure,
  drawInBrowser,
  type Figure,
  figureToSvg,
  findChromium,
  type Png,
  svgToPng,
} from "../../kernel-lib/src/figures/index.js";

const z = [
  [1, 2, 3],
  [4, 1, 2],
];
const size = { width: 300, height: 200 };
const withChromium = findChromium() === undefined ? describe.skip : describe;

afterEach(() => vi.unstubAllEnvs());
afterAll(closeBrowser);

describe("finding a Chromium", () => {
  it("takes the one that ILR_CHROMIUM names, and no other", () => {
    expect(findChromium({ ILR_CHROMIUM: process.execPath, PATH: "" })).toBe(process.execPath);
    expect(findChromium({ ILR_CHROMIUM: "/no/such/program", PATH: process.env.PATH })).toBeUndefined();
    expect(findChromium({ ILR_CHROMIUM: resolve("package.json") })).toBeUndefined();
  });

  it("names it as the way where there is none", async () => {
    vi.stubEnv("ILR_CHROMIUM", "/no/such/program");
    await expect(drawInBrowser({ data: [{ type: "heatmap", z }] })).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("Chromium"),
      hint: expect.stringContaining("/no/such/program"),
    });
    const { svg, png } = await drawFigure({ data: [{ type: "bar", y: [1] }], layout: size }, { scale: 1 });
    expect([svg?.slice(0, 4), png.width]).toEqual(["<svg", 300]);
  });
});

withChromium("a browser", () => {
  const colours = (png: Png): number => countPixels(png, ([r, g, b]) => Math.max(r, g, b) - Math.min(r, g, b) > 60);

  it.each<[string, object, boolean]>([
    ["heatmap", { z }, true],
    ["contour", { z }, true],
    ["image", { z: [[[255, 0, 0]], [[0, 0, 255]]] }, true],
    ["pie", { values: [1, 2] }, true],
    ["scattergl", { x: [1, 2], y: [1, 2], mode: "lines", line: { width: 9, color: "#D55E00" } }, false],
    ["surface", { z }, false],
  ])("draws %s, as vectors too unless it is WebGL", async (type, members, vectors) => {
    const { svg, png } = await drawInBrowser({ data: [{ type, ...members }], layout: size });
    expect([png.width, png.height]).toEqual([600, 400]);
    expect(colours(png)).toBeGreaterThan(2000);
    expect(svg !== undefined).toBe(vectors);
    if (svg !== undefined) expect(svg).toMatch(/^<svg [^>]*width="300" height="200"/);
  });

  it("draws what can be drawn without it the same way", async () => {
    const figure: Figure = { data: [{ type: "bar", x: ["a", "b"], y: [1, 2] }], layout: { ...size, title: "Bars" } };
    const { png } = await drawInBrowser(figure);
    const other = svgToPng(figureToSvg(figure), 2);
    const blue = ([r, g, b]: Pixel): boolean => r < 40 && g > 90 && g < 140 && b > 150;
    const dark = ([r, g, b]: Pixel): boolean => r < 0x70 && g < 0x70 && b < 0x70;
    expect(Math.abs(countPixels(png, blue) / countPixels(other, blue) - 1)).toBeLessThan(0.02);
    // The text is of the same font: as much ink, up to how edges are smoothed.
    expect(Math.abs(countPixels(png, dark) / countPixels(other, dark) - 1)).toBeLessThan(0.15);
  });

  it("gives the same picture every time, and keeps to one scale", async () => {
    const figure: Figure = { data: [{ type: "heatmap", z }], layout: size };
    const [first, second] = await Promise.all([drawFigure(figure, { scale: 1 }), drawFigure(figure, { scale: 1 })]);
    expect([first.png.width, first.png.height]).toEqual([300, 200]);
    expect(Buffer.from(first.png.bytes).equals(second.png.bytes)).toBe(true);
    expect(first.svg).toBe(second.svg);
  });

  it("refuses what is blank, broken, or would need the network, and asks the network nothing", async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked++;
      response.end();
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.png`;
    const picture = { source: url, xref: "paper", yref: "paper", x: 0, y: 1, sizex: 1, sizey: 1 };
    const images = { ...size, images: [picture] } as unknown as NonNullable<Figure["layout"]>;
    const refused = { code: "config-invalid", message: expect.stringContaining("cannot draw") };
    await expect(drawInBrowser({ data: [{ type: "heatmap", z: [] }], layout: size })).rejects.toMatchObject(refused);
    await expect(drawInBrowser({ data: [{ type: "scattergeo", lon: [0], lat: [0] }] })).rejects.toMatchObject(refused);
    await drawInBrowser({ data: [{ type: "heatmap", z }], layout: images }).catch(() => {});
    server.close();
    expect(asked).toBe(0);
  });

  it("starts again when it was closed or has crashed", async () => {
    await closeBrowser();
    const { png } = await drawInBrowser({ data: [{ type: "heatmap", z }], layout: size });
    expect(colours(png)).toBeGreaterThan(2000);
  });
});

withChromium("the process", () => {
  const folder = mkdtempSync(join(tmpdir(), "ilr-chromium-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const figures = resolve("kernel-lib/src/figures/index.ts");
  const script = (rest: string): string[] => {
    const path = join(folder, `${Math.random()}.mts`);
    const draw = `await drawInBrowser({ data: [{ type: "heatmap", z: [[1, 2]] }] });`;
    writeFileSync(
      path,
      `import { drawInBrowser } from ${JSON.stringify(figures)};\n${draw}\nconsole.log("drawn");\n${rest}`,
    );
    return ["--import", "tsx", path];
  };
  /** Browsers that processes of such a mark left behind. */
  const orphans = (mark: string): readonly string[] =>
    process.platform !== "linux"
      ? []
      : readdirSync("/proc").filter((pid) => {
          try {
            return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`ILR_MARK=${mark}`);
          } catch {
            return false;
          }
        });

  it("ends by itself after drawing", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, script(""), { timeout: 60_000 });
    expect(stdout).toBe("drawn\n");
  }, 90_000);

  it.each([
    "process.exit(0)",
    'process.kill(process.pid, "SIGTERM")',
    'process.kill(process.pid, "SIGKILL")',
  ])("leaves no browser behind after %s", async (end) => {
    const mark = `${process.pid}-${Math.random()}`;
    const options = { env: { ...process.env, ILR_MARK: mark }, stdio: "pipe", timeout: 60_000 } as const;
    const run = (): unknown => execFileSync(process.execPath, script(end), options);
    if (end.includes("exit")) run();
    else expect(run).toThrow();
    await vi.waitFor(() => expect(orphans(mark)).toEqual([]), { timeout: 10_000, interval: 100 });
  }, 90_000);
});

type Pixel = readonly [red: number, green: number, blue: number];

function countPixels({ bytes, width, height }: Png, condition: (pixel: Pixel) => boolean): number {
  const data = `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`;
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}"><image width="${width}" height="${height}" xlink:href="${data}"/></svg>`;
  const pixels = new Resvg(picture).render().pixels;
  let count = 0;
  for (let i = 0; i < pixels.length; i += 4) if (condition([pixels[i]!, pixels[i + 1]!, pixels[i + 2]!])) count++;
  return count;
}
