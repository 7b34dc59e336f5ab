/** The bill of materials and the list of licences say what the locks say; everything installed or built on is pinned by digest. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { billOfMaterials, licenceList, npmPackages, pythonPackages } from "../../docs/supply.js";
import { allPackages } from "../../docs/write-supply.js";
import { ilrIn } from "../cli/command.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

describe("docs/supply", () => {
  it("is what the lock files say: npm run supply", () => {
    const packages = allPackages();
    expect(read("docs/supply/sbom.json")).toBe(billOfMaterials(packages));
    expect(read("docs/supply/licences.md")).toBe(licenceList(packages));
  });

  it("has every package of package-lock.json, once, with its digest and licence", () => {
    const { packages } = JSON.parse(read("package-lock.json")) as {
      packages: Record<string, { version?: string; name?: string; link?: boolean }>;
    };
    const locked = Object.entries(packages)
      .filter(([path, { link }]) => path.includes("node_modules/") && !link)
      .map(([path, { name, version }]) => `${name ?? path.replace(/^.*node_modules\//, "")}@${version}`);
    const found = npmPackages(read("package-lock.json"));
    expect(found.map(({ name, version }) => `${name}@${version}`).sort()).toEqual([...new Set(locked)].sort());
    expect(found.filter(({ hashes, licence }) => hashes.length === 0 || licence === undefined)).toEqual([]);
    const components = (JSON.parse(read("docs/supply/sbom.json")) as { components: { purl: string }[] }).components;
    expect(new Set(components.map(({ purl }) => purl)).size).toBe(components.length);
  });

  it("names no licence that forbids what this kit's own allows", () => {
    const strong = allPackages().filter(({ licence = "" }) =>
      /(?<!L)GPL|SSPL|BUSL|CC-BY-NC|UNLICENSED/i.test(licence.replaceAll("LGPL", "")),
    );
    expect(strong.map(({ name }) => name)).toEqual([]);
  });
});

describe("what is installed and built on", () => {
  const locks = [
    ...readdirSync(join(root, "containers/trainer"))
      .filter((name) => /^requirements.*\.txt$/.test(name))
      .map((name) => `containers/trainer/${name}`),
    ".ci/requirements.txt",
  ];
  it.each(locks)("%s pins every package to a version and to digests", (path) => {
    const pinned = pythonPackages(read(path), true);
    const lines = read(path)
      .split("\n")
      .filter((line) => /^[A-Za-z0-9]/.test(line));
    expect(lines.length).toBeGreaterThan(3);
    expect(pinned).toHaveLength(lines.length);
    expect(pinned.filter(({ hashes }) => hashes.length === 0)).toEqual([]);
  });

  it("is an image by its digest, or one that has to be named", () => {
    const files = readdirSync(join(root, "containers"), { recursive: true })
      .map(String)
      .filter((name) => /Dockerfile/.test(name));
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      const text = read(`containers/${file}`);
      const bases = [...text.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
      expect(bases.filter((base) => !/^\$\{BASE\}$/.test(base!))).toEqual([]);
      const [, given] = /^ARG BASE(?:=(\S+))?$/m.exec(text)!;
      if (given !== undefined) expect(given).toMatch(/@sha256:[0-9a-f]{64}$/);
    }
  });

  it("is no image by its name alone: make containers, ilr images build", async () => {
    const named = "nvidia/cuda:13.0.2-runtime-ubuntu24.04";
    const make = (base: string): string =>
      execFileSync("make", ["-n", "containers", `GPU_BASE=${base}`], { cwd: root, encoding: "utf8", stdio: "pipe" });
    expect(() => make(named)).toThrow(/names no digest/);
    const pinned = `${named}@sha256:${"0".repeat(64)}`;
    expect(make(pinned)).toContain(`--build-arg BASE=${pinned} `);
    for (const base of [named, "latest", "sha256:0", `${pinned}0`]) {
      const { code, err } = await ilrIn(root, {}, "images", "build", "embedded", "--base", base);
      expect({ base, code, err }).toMatchObject({ code: 1, err: expect.stringContaining("names no digest") });
    }
  });

  it("comes from no place but the public registry", () => {
    const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, { resolved?: string }> };
    const places = Object.values(packages).flatMap(({ resolved }) =>
      resolved?.includes(":") ? [new URL(resolved).origin] : [],
    );
    expect(places.filter((place) => place !== "https://registry.npmjs.org")).toEqual([]);
  });
});
