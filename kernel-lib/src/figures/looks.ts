import { isDeepStrictEqual } from "node:util";
import { sha256 } from "../core/index.js";
import type { Arm, RunRecord } from "../experiments/index.js";
import { armCurves } from "../results/index.js";
import type { MethodStyle } from "./method-style.js";
import { reviewersStyles } from "./reviewers-styles.js";

/**
 * Okabe and Ito's colours, with some of Paul Tol's that stay apart from them under colour blindness. Without colour: ILR's lines are
 * solid with round markers, DPO's are broken with triangles.
 */
const styles: { readonly [method: string]: MethodStyle } = {
  "Weak supervisor": { color: "#999999", symbol: "x", dash: "dot" },
  SFT: { color: "#000000", symbol: "square", dash: "longdash" },
  "SFT on ground truth": { color: "#009E73", symbol: "star", dash: "longdashdot" },
  "ILR (evaluator)": { color: "#0072B2", symbol: "circle", dash: "solid" },
  "ILR (noisy oracle 0.75)": { color: "#332288", symbol: "hexagon", dash: "solid" },
  "ILR (oracle)": { color: "#56B4E9", symbol: "circle-open", dash: "solid" },
  "ILR (judge)": { color: "#3B1F4A", symbol: "hexagon-open", dash: "solid" },
  "ILR (human)": { color: "#117733", symbol: "pentagon", dash: "solid" },
  "Naive ILR": { color: "#CC79A7", symbol: "diamond", dash: "solid" },
  "DPO (evaluator)": { color: "#D55E00", symbol: "triangle-up", dash: "dash" },
  "DPO (evaluator, as released)": { color: "#882255", symbol: "triangle-down", dash: "dash" },
  "DPO (noisy oracle 0.75)": { color: "#7A7A1F", symbol: "triangle-left", dash: "dashdot" },
  "DPO (oracle)": { color: "#E69F00", symbol: "triangle-up-open", dash: "dot" },
  "DPO (judge)": { color: "#C71585", symbol: "triangle-down-open", dash: "dashdot" },
  "DPO (human)": { color: "#661100", symbol: "triangle-right", dash: "longdash" },
};

const spareColors = ["#117733", "#AA4499", "#44AA99", "#B8860B", "#6699CC", "#661100", "#5D3A9B", "#4B5320"] as const;
const spareSymbols = [
  "cross",
  "square-open",
  "diamond-open",
  "hourglass",
  "bowtie",
  "star-open",
  "diamond-tall",
  "octagon",
  "pentagon-open",
  "cross-open",
  "star-diamond",
] as const;
const spareDashes = ["solid", "dash", "dashdot"] as const;

const known: { readonly [method: string]: MethodStyle } = Object.assign({}, ...Object.values(reviewersStyles), styles);

/** Names of the paper's methods, each with a look of its own, in the order in which legends list them. */
export const namedMethods: readonly string[] = Object.keys(styles);

/**
 * The look of a method. The same name always looks the same; a name that is not in the paper gets a look derived from the name.
 *
 * @example
 * methodStyle("ILR (evaluator)"); // { color: "#0072B2", symbol: "circle", dash: "solid" }
 */
export function methodStyle(method: string): MethodStyle {
  return named(method) ?? lookFrom(numberOf(method));
}

/**
 * What a curve of the paper is called: a method, and where its comparisons come from. Arms that differ in nothing else (beta, alpha, a
 * learning rate, a fidelity flag) are variants of one method, and have its colour.
 *
 * @example
 * methodName({ method: "dpo", comparisons: { noisyOracle: 0.75 } }); // "DPO (noisy oracle 0.75)"
 */
export function methodName({ method, comparisons }: Pick<Arm, "method" | "comparisons">): string {
  return comparisons === undefined ? names[method] : `${names[method]} (${sourceName(comparisons)})`;
}

/** What a source of comparisons is called, such as "noisy oracle 0.75, redrawn errors". */
export function sourceName(comparisons: NonNullable<Arm["comparisons"]>): string {
  if (typeof comparisons !== "object") return comparisons;
  if ("own" in comparisons) return comparisons.own;
  const { noisyOracle, errors = "by-pair" } = comparisons;
  const kinds = { "by-pair": "", "by-question": ", errors by question", redrawn: ", redrawn errors" } as const;
  return `noisy oracle ${noisyOracle}${kinds[errors]}`;
}

/** What an arm changes of its method: everything but its name, its source of comparisons and its number of rounds. */
export function changesOf(arm: Arm): Partial<Arm> {
  const { name, method, comparisons, rounds, ...changes } = arm;
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

const names: { readonly [method in Arm["method"]]: string } = {
  sft: "SFT",
  "sft-ground-truth": "SFT on ground truth",
  ilr: "ILR",
  "naive-ilr": "Naive ILR",
  dpo: "DPO",
  "drop-doubtful": "Drop doubtful",
  "keep-agreed": "Keep agreed",
  "replace-all": "Replace all",
  "two-agree": "Two models agree",
  "sft-on-chosen": "SFT on chosen",
};

/** A curve that needs a look: an arm, or what several arms have in common. */
export interface Seen {
  readonly name: string;
  /** What it is, where an experiment says so. */
  readonly description?: Arm | undefined;
}

/** The look of each curve by name. */
export type Looks = (name: string) => MethodStyle;

/** The looks of a run's arms, the same in all of its figures. */
export function looksOf(run: RunRecord): Looks {
  return looksFor(armCurves(run).map(({ arm, description }) => ({ name: arm, description })));
}

/**
 * Looks for curves of one figure: those of the paper's methods by name; a variant in its method's colour, with a marker that goes with
 * what it changes (one beta, one marker). No two look alike.
 */
export function looksFor(all: readonly Seen[]): Looks {
  const looks = new Map<string, MethodStyle>();
  for (const { name } of all) {
    const own = named(name);
    // Some looks of the reviewers' arms are the same: those arms are not in one figure as a rule.
    if (own && !isTaken(own, looks)) looks.set(name, own);
  }
  const places = new Map<string, number>();
  for (const { name, description } of all) {
    if (looks.has(name)) continue;
    const method = description && methodLook(description);
    const change = description ? changeOf(description) : name;
    if (!places.has(change)) places.set(change, firstFree(numberOf(change), [...places.values()]));
    const isPlain = method !== undefined && change === "[]" && !isTaken(method, looks);
    looks.set(name, isPlain ? method : freeLook(method, places.get(change)!, looks));
  }
  return (name) => looks.get(name) ?? methodStyle(name);
}

function named(method: string): MethodStyle | undefined {
  return Object.hasOwn(known, method) ? known[method] : undefined;
}

/** The noisy oracle that has a look of its own. */
const usualSource = { noisyOracle: 0.75 } as const;

/** The look of an arm's method; noisy oracles of every accuracy are one source. */
function methodLook({ method, comparisons }: Arm): MethodStyle | undefined {
  const isNoisy = typeof comparisons === "object" && "noisyOracle" in comparisons;
  const source = isNoisy ? usualSource : comparisons;
  return named(methodName({ method, ...(source && { comparisons: source }) }));
}

/** What an arm changes of the look's method, as text; "[]" for nothing. */
function changeOf(arm: Arm): string {
  const { comparisons } = arm;
  const isUsual = typeof comparisons !== "object" || isDeepStrictEqual(comparisons, usualSource);
  const changes = { ...(isUsual ? {} : { comparisons }), ...changesOf(arm) };
  return JSON.stringify(Object.entries(changes).sort(([a], [b]) => a.localeCompare(b)));
}

/** The first look from a starting marker on that nobody has: other markers first, then other dashes. */
function freeLook(
  method: MethodStyle | undefined,
  start: number,
  looks: ReadonlyMap<string, MethodStyle>,
): MethodStyle {
  const dashes = method ? [method.dash, ...spareDashes.filter((dash) => dash !== method.dash)] : spareDashes;
  for (let i = 0; ; i++) {
    const symbol = spareSymbols[(start + i) % spareSymbols.length]!;
    const dash = dashes[Math.floor(i / spareSymbols.length) % dashes.length]!;
    const look = method ? { color: method.color, symbol, dash } : lookFrom(start + i);
    // More variants than looks: the first ones are shared again.
    if (!isTaken(look, looks) || i >= spareSymbols.length * dashes.length * spareColors.length) return look;
  }
}

function isTaken(look: MethodStyle, looks: ReadonlyMap<string, MethodStyle>): boolean {
  return [...looks.values()].some(
    ({ color, symbol, dash }) => color === look.color && symbol === look.symbol && dash === look.dash,
  );
}

/** The first place from a starting one on whose marker stands for nothing else yet. */
function firstFree(start: number, taken: readonly number[]): number {
  const used = new Set(taken.map((place) => place % spareSymbols.length));
  const free = spareSymbols.map((_, i) => start + i).find((place) => !used.has(place % spareSymbols.length));
  return free ?? start;
}

function lookFrom(number: number): MethodStyle {
  return {
    color: spareColors[number % spareColors.length]!,
    symbol: spareSymbols[Math.floor(number / spareColors.length) % spareSymbols.length]!,
    dash: spareDashes[Math.floor(number / spareColors.length / spareSymbols.length) % spareDashes.length]!,
  };
}

function numberOf(name: string): number {
  return Number.parseInt(sha256(name).slice(0, 8), 16);
}
