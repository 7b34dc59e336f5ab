/** What a kernel's cell gets: displays, their later pictures, and what the cell waits for. */
import { createRequire } from "node:module";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { closeBrowser } from "../../kernel-lib/src/figures/browser.js";
import { findChromium } from "../../kernel-lib/src/figures/index.js";
import { display, displayLive, notebookListens, withProvenance } from "../../kernel-lib/src/notebook/index.js";

interface Sent {
  readonly cell: number;
  readonly update: boolean;
  readonly data: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly transient: { readonly display_id?: string };
}

/** A kernel as tslab's module is one, among the modules of this process. */
const kernel = { lastWriteDisplayData: null as unknown, holdCell: undefined as unknown };
const modules = createRequire(import.meta.url).cache as Record<string, unknown>;
const key = "/somewhere/node_modules/tslab/dist/jupyter.js";
const sent: Sent[] = [];
const held: Promise<unknown>[] = [];

function startCell(cell: number): void {
  kernel.lastWriteDisplayData = (content: Omit<Sent, "cell" | "update">, update: boolean) =>
    void sent.push({ cell, update, ...content });
}

beforeEach(() => {
  modules[key] = { exports: kernel };
  kernel.holdCell = (work: Promise<unknown>) => void held.push(work);
  startCell(1);
  sent.length = 0;
  held.length = 0;
});
afterEach(() => {
  vi.unstubAllEnvs();
  delete modules[key];
  kernel.lastWriteDisplayData = null;
});
afterAll(closeBrowser);

const heatmap = { data: [{ type: "heatmap", z: [[1, 2]] }], layout: { width: 300, height: 200 } };
const withChromium = findChromium() === undefined ? it.skip : it;

describe("display in a kernel", () => {
  it("listens from the first cell on", () => {
    expect(notebookListens()).toBe(true);
    kernel.lastWriteDisplayData = null;
    expect(notebookListens()).toBe(false);
  });

  it("sends a figure that needs no browser once, whole", () => {
    display({ data: [{ y: [1, 2] }] });
    expect(sent).toMatchObject([{ cell: 1, update: false, transient: {} }]);
    expect(sent[0]!.data["image/png"]).toBeDefined();
    expect(held).toEqual([]);
  });

  withChromium("sends another at once, and its picture into the same display of the same cell", async () => {
    const provenance = { experiment: "e" } as Parameters<typeof withProvenance>[1];
    display(withProvenance(heatmap, provenance));
    expect(sent).toHaveLength(1);
    expect(Object.keys(sent[0]!.data)).toEqual(["application/vnd.plotly.v1+json", "text/plain"]);
    expect(sent[0]!.data["text/plain"]).toContain("a browser is drawing");
    expect(held).toHaveLength(1);
    await held[0];
    expect(sent).toHaveLength(2);
    const [first, second] = sent;
    expect(second).toMatchObject({ cell: 1, update: true, transient: first!.transient });
    expect(second!.data["image/svg+xml"]).toMatch(/^<svg /);
    expect(Buffer.from(second!.data["image/png"]!, "base64").subarray(1, 4).toString()).toBe("PNG");
    expect(second!.data["text/plain"]).toBe("Figure: heatmap 0");
    expect(second!.data["application/vnd.plotly.v1+json"]).toEqual(first!.data["application/vnd.plotly.v1+json"]);
    expect(second!.metadata).toEqual({
      "image/png": { width: 300, height: 200 },
      "ilr-lab": { kind: "figure", provenance },
    });
  });

  withChromium("puts words, not an empty picture, where the browser drew nothing", async () => {
    display({ data: [{ type: "heatmap", z: [] }] });
    await held[0];
    const last = sent.at(-1)!;
    expect(last.update).toBe(true);
    expect(Object.keys(last.data)).toEqual(["application/vnd.plotly.v1+json", "text/plain"]);
    expect(last.data["text/plain"]).toContain("no static picture: plotly cannot draw this figure");
  });

  withChromium("needs no kernel that waits", async () => {
    kernel.holdCell = undefined;
    display(heatmap);
    await vi.waitFor(() => expect(sent).toHaveLength(2), { timeout: 30_000 });
  });

  it("names Chromium as the way where there is none", () => {
    vi.stubEnv("ILR_CHROMIUM", "/no/such/program");
    display(heatmap);
    expect(sent).toHaveLength(1);
    expect(sent[0]!.data["text/plain"]).toMatch(/no static picture: .*heatmap.*Chromium/s);
    expect(held).toEqual([]);
  });

  it("updates a live display through the cell that runs, which clients listen to", () => {
    const line = displayLive("one");
    startCell(2);
    line.update("two");
    expect(sent.map(({ cell, update, data }) => [cell, update, data["text/plain"]])).toEqual([
      [1, false, "one"],
      [2, true, "two"],
    ]);
    expect(sent[0]!.transient).toEqual(sent[1]!.transient);
  });
});
