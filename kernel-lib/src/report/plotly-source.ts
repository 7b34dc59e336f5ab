import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { deflateSync } from "node:zlib";
import { LabError } from "../core/index.js";

/** plotly.js as a page carries it. */
export interface PackedPlotly {
  /** zlib stream in base64: a third of the size, and nothing for the browser to parse until a figure comes into view. */
  readonly packed: string;
  /** What a Content-Security-Policy calls the unpacked script. */
  readonly hash: string;
}

let known: PackedPlotly | undefined;

/**
 * plotly.js, packed.
 *
 * @throws LabError `input-missing` when plotly.js is not installed.
 */
export function packedPlotly(): PackedPlotly {
  known ??= pack();
  return known;
}

/** The source of a Content-Security-Policy for an inline script of exactly this text. */
export function scriptHash(script: string): string {
  return `'sha256-${createHash("sha256").update(script).digest("base64")}'`;
}

function pack(): PackedPlotly {
  try {
    const source = readFileSync(createRequire(import.meta.url).resolve("plotly.js"), "utf8");
    return { packed: deflateSync(source, { level: 9 }).toString("base64"), hash: scriptHash(source) };
  } catch (cause) {
    throw new LabError("input-missing", "plotly.js is not installed", { hint: "run `npm ci` again", cause });
  }
}
