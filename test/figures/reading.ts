/** What figures say, read back from their traces. */
import type { Figure, Trace } from "../../kernel-lib/src/figures/index.js";

/** The trace that carries an arm's points (lines to and across have none). */
export function curveOf({ data }: Figure, arm: string, along: "x" | "y" = "y"): Trace {
  return data.find((trace) => trace.name === arm && trace[`error_${along}`] !== undefined)!;
}

/** Value and ends of each interval of a trace, along an axis. */
export function intervalsOf(trace: Trace, along: "x" | "y" = "y"): readonly (readonly [number, number, number])[] {
  const { array, arrayminus } = trace[`error_${along}`] as { array: number[]; arrayminus: number[] };
  return (trace[along] as number[]).map((value, i) => [value, value - arrayminus[i]!, value + array[i]!]);
}

/** The names in the legend, in the order of the traces. */
export function legendOf({ data }: Figure): readonly string[] {
  return data.filter(({ showlegend }) => showlegend !== false).map(({ name }) => String(name));
}

/** How each curve with markers looks: colour, marker and dash, by name. */
export function looksIn({ data }: Figure): ReadonlyMap<string, string> {
  return new Map(
    data.flatMap(({ name, marker, line, mode, x }) => {
      if (marker === undefined || mode === undefined || (x as readonly unknown[])[0] === null) return [];
      const { color, symbol } = marker as { readonly color: string; readonly symbol: string };
      const { dash = "" } = (line ?? {}) as { readonly dash?: string };
      return [[String(name), `${color} ${symbol} ${dash}`] as const];
    }),
  );
}
