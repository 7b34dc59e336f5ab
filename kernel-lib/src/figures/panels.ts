import type { Json } from "../core/index.js";
import type { Layout, Trace } from "./figure.js";

/** One of the plots of a figure that stand side by side. */
export interface Panel {
  readonly title: string;
  readonly data: readonly Trace[];
  readonly xaxis: Layout;
  readonly yaxis: Layout;
  /** Its part of the width, in relation to the others. Default: 1. */
  readonly weight?: number;
}

/** Share of the width between two plots: room for the numbers of an axis, and for its title where it has one. */
const gap = { numbers: 0.07, title: 0.1 } as const;

/**
 * Plots side by side with one legend below, in which a curve that several plots have stands once. On a phone the report puts them one above
 * the other.
 *
 * @param lines that the legend takes, three entries a line.
 */
export function sideBySide(
  panels: readonly Panel[],
  lines: number,
): {
  readonly data: readonly Trace[];
  readonly layout: Layout;
} {
  const domains = domainsOf(panels);
  const seen = new Set<Json | undefined>();
  const data = panels.flatMap((panel, i) =>
    panel.data.map((trace): Trace => {
      const isShown = trace.showlegend !== false && !seen.has(trace.name);
      if (isShown) seen.add(trace.name);
      return {
        ...trace,
        ...(isShown ? {} : { showlegend: false }),
        ...(i > 0 && { xaxis: `x${i + 1}`, yaxis: `y${i + 1}` }),
      };
    }),
  );
  const axes = panels.flatMap(({ xaxis, yaxis }, i) => {
    const number = i === 0 ? "" : i + 1;
    return [
      [`xaxis${number}`, { ...xaxis, domain: domains[i]!, anchor: `y${number}` }],
      [`yaxis${number}`, { ...yaxis, anchor: `x${number}` }],
    ];
  });
  return {
    data,
    layout: {
      ...(Object.fromEntries(axes) as Layout),
      margin: { l: 60, r: 16, t: 92, b: 76 + 24 * lines },
      legend: legendBelow,
      annotations: panels.map(({ title }, i) => panelTitle(title, domains[i]![0])),
    },
  };
}

/** A legend under the plots, in three columns whatever the width. */
const legendBelow = {
  ...{ orientation: "h", x: 0, yref: "container", y: 0.02, yanchor: "bottom", font: { size: 12 } },
  ...{ entrywidthmode: "fraction", entrywidth: 0.32 },
} as const;

function domainsOf(panels: readonly Panel[]): readonly (readonly [number, number])[] {
  const gaps = panels.slice(1).map(({ yaxis }) => ("title" in yaxis ? gap.title : gap.numbers));
  const room = 1 - gaps.reduce((sum, width) => sum + width, 0);
  const weights = panels.map(({ weight = 1 }) => weight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let from = 0;
  return weights.map((weight, i) => {
    const to = from + (room * weight) / total;
    const domain = [from, Math.min(1, to)] as const;
    from = to + (gaps[i] ?? 0);
    return domain;
  });
}

function panelTitle(text: string, x: number): Layout {
  return {
    ...{ text, x, y: 1, xref: "paper", yref: "paper", xanchor: "left", yanchor: "bottom", showarrow: false },
    font: { size: 14 },
  };
}
