import type { RunRecord } from "../experiments/index.js";
import { duration, percent, type StepTokens, type TimedStep, type Timeline } from "../results/index.js";
import type { Figure, Trace } from "./figure.js";
import { ink } from "./theme.js";

/** Colours of verbs, none of them a method's: Paul Tol's light scheme, told apart under colour blindness. */
const colors: Readonly<Record<string, string>> = {
  pretrain: "#BBCC33",
  sft: "#77AADD",
  evaluator: "#FFAABB",
  dpo: "#EE8866",
  sample: "#44BB99",
  score: "#EEDD88",
};
const [otherColor, tableColor, idleColor] = ["#99DDFF", "#777777", "#EFEFEF"] as const;

/** Height of a lane in px, and of what is around them. */
const [laneHeight, around] = [56, 210] as const;

/**
 * When each step ran, and on which worker: a lane a worker and a bar a step, coloured by verb, pale where a worker had nothing to do. A line goes through
 * the longest chain of steps that need each other. Hovering says what a step is called, how long it took and how many tokens it saw.
 *
 * @param tokens by the steps' keys, where they are known.
 * @example
 * timeline(run, timelineOf(records));
 */
export function timeline(run: RunRecord, times: Timeline, tokens: ReadonlyMap<string, StepTokens> = new Map()): Figure {
  const { steps, wall } = times;
  const unit = unitOf(wall);
  const lanes = [...new Set(byLane(steps).map(laneName))];
  const drawn = { unit, tokens, wall };
  const trained = steps.filter(({ kind }) => kind === "step");
  const verbs = [...Object.keys(colors), ...trained.map(({ name }) => name)].filter(
    (verb, i, all) => all.indexOf(verb) === i,
  );
  const ofVerbs = verbs.flatMap((verb) => {
    const of = trained.filter(({ name }) => name === verb);
    return of.length === 0 ? [] : [bars(verb, colors[verb] ?? otherColor, of, drawn)];
  });
  const tables = steps.filter(({ kind }) => kind === "derive");
  return {
    data: [
      pauses(times, drawn),
      ...ofVerbs,
      ...(tables.length === 0 ? [] : [bars("tables", tableColor, tables, drawn)]),
      ...chain(
        steps.filter(({ critical }) => critical),
        drawn,
      ),
    ],
    layout: {
      title: { text: `Where the time of ${run.provenance.experiment.name} went`, subtitle: { text: about(times) } },
      height: around + laneHeight * lanes.length,
      barmode: "overlay",
      bargap: 0.25,
      xaxis: {
        title: { text: `time since the first step began (${unit.text})` },
        rangemode: "tozero",
        zeroline: false,
      },
      yaxis: { type: "category", categoryorder: "array", categoryarray: [...lanes].reverse(), showgrid: false },
      legend: { orientation: "h", x: 0, xanchor: "left", y: -0.35, yanchor: "top" },
    },
  };
}

function about({ steps, workers, wall, idle, critical, earlier }: Timeline): string {
  const run = steps.filter(({ kind }) => kind === "step").length;
  const parts = [
    `${run.toLocaleString("en")} ${run === 1 ? "step" : "steps"} in ${duration(wall)}`,
    `${workers} ${workers === 1 ? "worker" : "workers"}, ${percent(workers * wall === 0 ? 0 : idle / (workers * wall))} idle`,
    `longest chain ${duration(critical)}`,
    ...(earlier === 0 ? [] : [`${earlier.toLocaleString("en")} were there already`]),
  ];
  return parts.join("; ");
}

interface Drawn {
  readonly wall: number;
  readonly unit: { readonly seconds: number; readonly text: string };
  readonly tokens: ReadonlyMap<string, StepTokens>;
}

function unitOf(wall: number): Drawn["unit"] {
  if (wall < 120) return { seconds: 1, text: "s" };
  return wall < 7200 ? { seconds: 60, text: "min" } : { seconds: 3600, text: "h" };
}

/** Workers first, then those who make tables. */
function byLane(steps: readonly TimedStep[]): readonly TimedStep[] {
  const place = ({ kind, lane }: TimedStep): number => (kind === "step" ? lane : 1e6 + lane);
  return [...steps].sort((x, y) => place(x) - place(y));
}

function laneName({ kind, lane }: Pick<TimedStep, "kind" | "lane">): string {
  if (kind === "step") return `worker ${lane + 1}`;
  return lane === 0 ? "tables" : `tables ${lane + 1}`;
}

function bars(name: string, color: string, steps: readonly TimedStep[], { unit, tokens, wall }: Drawn): Trace {
  // A white edge would leave nothing of a short bar.
  const edges = steps.map(({ start, end }) => (end - start > wall / 200 ? 0.5 : 0));
  return {
    ...{ type: "bar", orientation: "h", name, marker: { color, line: { color: "white", width: edges } } },
    y: steps.map(laneName),
    base: steps.map(({ start }) => start / unit.seconds),
    x: steps.map(({ start, end }) => (end - start) / unit.seconds),
    ...{ hovertext: steps.map((step) => saying(step, tokens.get(step.key))), hoverinfo: "text" },
  };
}

function saying({ label, name, start, end }: TimedStep, tokens: StepTokens | undefined): string {
  const count = (number: number, what: string): readonly string[] =>
    number === 0 ? [] : [`${number.toLocaleString("en")} tokens ${what}`];
  const seen = [...count(tokens?.trained ?? 0, "trained on"), ...count(tokens?.generated ?? 0, "generated")];
  return [label, [name, duration(end - start), ...seen].join(", ")].join("<br>");
}

/** What is between the bars of workers. */
function pauses({ steps, workers, wall }: Timeline, { unit }: Drawn): Trace {
  const gaps = Array.from({ length: workers }, (_, lane) => {
    const busy = steps.filter((step) => step.kind === "step" && step.lane === lane);
    const starts = [...busy.map(({ start }) => start), wall];
    return starts.map((end, i) => ({ lane, start: busy[i - 1]?.end ?? 0, end }));
  })
    .flat()
    .filter(({ start, end }) => end > start);
  return {
    ...{
      type: "bar",
      orientation: "h",
      name: "idle",
      marker: { color: idleColor, line: { color: ink.chance, width: 0.5 } },
    },
    y: gaps.map(({ lane }) => laneName({ kind: "step", lane })),
    base: gaps.map(({ start }) => start / unit.seconds),
    x: gaps.map(({ start, end }) => (end - start) / unit.seconds),
    ...{ hovertext: gaps.map(({ start, end }) => `idle, ${duration(end - start)}`), hoverinfo: "text" },
  };
}

/** A line through the middle of the chain's bars; where one waits for a worker, dots lead to where it goes on. */
function chain(steps: readonly TimedStep[], { unit }: Drawn): readonly Trace[] {
  const points = (of: readonly (readonly [TimedStep, "start" | "end"])[]): Trace => ({
    // Pairs of points; null lifts the pen.
    x: of.flatMap(([step, end], i) => [step[end] / unit.seconds, ...(i % 2 === 1 ? [null] : [])]),
    y: of.flatMap(([step], i) => [laneName(step), ...(i % 2 === 1 ? [null] : [])]),
  });
  const look = { type: "scatter", mode: "lines", legendgroup: "chain", hoverinfo: "skip" } as const;
  const between = steps.slice(1).flatMap((step, i) => [[steps[i]!, "end"] as const, [step, "start"] as const]);
  const within = steps.flatMap((step) => [[step, "start"] as const, [step, "end"] as const]);
  return [
    { ...look, showlegend: false, line: { color: ink.quiet, width: 1, dash: "dot" }, ...points(between) },
    { ...look, name: "longest chain", line: { color: ink.text, width: 3 }, ...points(within) },
  ];
}
