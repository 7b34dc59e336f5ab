import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { LabError } from "../core/index.js";

/**
 * The font of every figure. Arimo has the widths of Arial, Helvetica and Liberation Sans, so an SVG laid out with it stays in place
 * in a browser that has any of them. It comes with the package: a machine without fonts draws the same pixels.
 */
export const fontFamily = "Arimo";

/** Widths and heights of a font, in em. */
export interface FontMetrics {
  /** Height above the baseline, in em. */
  readonly ascent: number;
  /** Depth below the baseline, in em, positive. */
  readonly descent: number;
  /** Width of a line of text, in em. */
  width(text: string): number;
}

export type FontFace = "regular" | "bold" | "italic" | "boldItalic";

const faces: { readonly [face in FontFace]: string } = {
  regular: "400Regular/Arimo_400Regular.ttf",
  bold: "700Bold/Arimo_700Bold.ttf",
  italic: "400Regular_Italic/Arimo_400Regular_Italic.ttf",
  boldItalic: "700Bold_Italic/Arimo_700Bold_Italic.ttf",
};

const cache = new Map<FontFace, FontMetrics>();

/**
 * Path of a face's TrueType file.
 *
 * @throws LabError `input-missing` when the font package is not installed.
 */
export function fontFile(face: FontFace): string {
  try {
    return createRequire(import.meta.url).resolve(`@expo-google-fonts/arimo/${faces[face]}`);
  } catch (cause) {
    throw new LabError("input-missing", `the figure font ${fontFamily} (${face}) is not installed`, {
      hint: "run `npm ci` again: it comes with the package @expo-google-fonts/arimo",
      cause,
    });
  }
}

/** Paths of all faces, for the PNG renderer. */
export function fontFiles(): string[] {
  return (Object.keys(faces) as FontFace[]).map(fontFile);
}

/** The faces as CSS that carries its fonts, for pages that load nothing. */
export function fontFaceCss(): string {
  return (Object.keys(faces) as FontFace[])
    .map((face) => {
      const source = `url(data:font/ttf;base64,${readFileSync(fontFile(face)).toString("base64")})`;
      const weight = face.startsWith("bold") ? 700 : 400;
      const style = face.toLowerCase().endsWith("italic") ? "italic" : "normal";
      return `@font-face{font-family:${fontFamily};font-weight:${weight};font-style:${style};src:${source}}`;
    })
    .join("\n");
}

/** Exact text widths of a face, read from its TrueType tables. */
export function fontMetrics(face: FontFace): FontMetrics {
  const known = cache.get(face);
  if (known !== undefined) return known;
  const metrics = readMetrics(readFileSync(fontFile(face)));
  cache.set(face, metrics);
  return metrics;
}

/** Reads `head`, `hhea`, `hmtx` and `cmap` (OpenType specification 1.9). */
function readMetrics(font: Buffer): FontMetrics {
  const tables = new Map<string, number>();
  for (let i = 0; i < font.readUInt16BE(4); i++) {
    const record = 12 + 16 * i;
    tables.set(font.toString("latin1", record, record + 4), font.readUInt32BE(record + 8));
  }
  const table = (tag: string): number => {
    const offset = tables.get(tag);
    if (offset === undefined) throw new LabError("input-damaged", `the figure font has no ${tag} table`);
    return offset;
  };
  const unitsPerEm = font.readUInt16BE(table("head") + 18);
  const hhea = table("hhea");
  const longMetrics = font.readUInt16BE(hhea + 34);
  const hmtx = table("hmtx");
  const advance = (glyph: number): number => font.readUInt16BE(hmtx + 4 * Math.min(glyph, longMetrics - 1));
  const glyphOf = readCharacterMap(font, table("cmap"));
  return {
    ascent: font.readInt16BE(hhea + 4) / unitsPerEm,
    descent: -font.readInt16BE(hhea + 6) / unitsPerEm,
    width: (text) => {
      let total = 0;
      for (const character of text) total += advance(glyphOf(character.codePointAt(0) ?? 0));
      return total / unitsPerEm;
    },
  };
}

/** The format 4 subtable (Basic Multilingual Plane), which every TrueType text font has. */
function readCharacterMap(font: Buffer, cmap: number): (codePoint: number) => number {
  const subtables = Array.from(
    { length: font.readUInt16BE(cmap + 2) },
    (_, i) => cmap + font.readUInt32BE(cmap + 8 + 8 * i),
  );
  const start = subtables.find((offset) => font.readUInt16BE(offset) === 4);
  if (start === undefined) throw new LabError("input-damaged", "the figure font has no character map of format 4");
  const segments = font.readUInt16BE(start + 6) / 2;
  const [ends, starts, deltas, ranges] = [14, 16 + 2 * segments, 16 + 4 * segments, 16 + 6 * segments] as const;
  return (codePoint) => {
    for (let i = 0; i < segments; i++) {
      if (font.readUInt16BE(start + ends + 2 * i) < codePoint) continue;
      const first = font.readUInt16BE(start + starts + 2 * i);
      if (first > codePoint) return 0;
      const delta = font.readUInt16BE(start + deltas + 2 * i);
      const range = font.readUInt16BE(start + ranges + 2 * i);
      if (range === 0) return (codePoint + delta) & 0xffff;
      const glyph = font.readUInt16BE(start + ranges + 2 * i + range + 2 * (codePoint - first));
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
    return 0;
  };
}
