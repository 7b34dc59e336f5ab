/** The benches' one table. */
import type { BenchRow, Target } from "./rows.js";

/** What `make bench` leaves in out/bench.json, and `npm run bench:record` in results/bench.json. */
export interface BenchRecord {
  readonly machine: string;
  readonly date: string;
  /** Versions of the peers and of what they compute with. */
  readonly versions: readonly string[];
  readonly rows: readonly BenchRow[];
}

const HEADING = "| what | ours | peer | ratio | spread | limit | share | asked |\n|---|--:|--:|--:|--:|--:|--:|---|";

/** A table in Markdown, a part for each bench: `ratio` is peer over ours, `share` limit over ours. */
export function tableOf(rows: readonly BenchRow[]): string {
  return [HEADING, ...rows.map(lineOf)].join("\n");
}

/** Costs at each size and the exponents that were fitted to them. */
export function scalingTableOf(rows: readonly BenchRow[]): string {
  const lines = rows.flatMap(({ what, ours, spread, points }) => {
    if (points === undefined) return [];
    const error = (spread[1] - spread[0]) / 2;
    return [`| ${[what, ...points.map(number)].join(" | ")} | ${ours.toFixed(2)} ± ${error.toFixed(2)} |`];
  });
  return ["| what | x1 | x2 | x4 | x8 | exponent |\n|---|--:|--:|--:|--:|--:|", ...lines].join("\n");
}

/** Times that a peer was held against, in short. */
export function speedTableOf(rows: readonly BenchRow[]): string {
  const lines = rows.flatMap(({ what, unit, ours, peer, peerName, ratio, limit }) => {
    if (peer === undefined || unit === "MB") return [];
    const share = limit === undefined ? "" : percent(limit / ours);
    return [`| ${what} | ${number(ours)} ${unit} | ${number(peer)} (${peerName}) | ${ratio!.toFixed(2)}x | ${share} |`];
  });
  return ["| what | ilr-lab | peer | ratio | share of the sgemm peak |\n|---|--:|--:|--:|--:|", ...lines].join("\n");
}

function lineOf(row: BenchRow): string {
  const { what, unit, ours, peer, peerName, ratio, spread, limit, limitName, target } = row;
  const [low, high] = spread.map((value) => (ratio === undefined ? number(value) : value.toFixed(2)));
  const cells = [
    what,
    `${number(ours)} ${unit}`,
    peer === undefined ? "" : `${number(peer)} (${peerName})`,
    ratio === undefined ? "" : `${ratio.toFixed(2)}x`,
    low === high ? "" : `${low}..${high}`,
    limit === undefined ? "" : `${number(limit)} (${limitName})`,
    limit === undefined ? "" : percent(limit / ours),
    target === undefined ? "" : asked(target, row),
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** The target, and whether it is met. */
function asked(target: Target, row: BenchRow): string {
  const verdicts = metTargets(row);
  const say = (met: boolean | undefined): string => (met === undefined ? " (not measured)" : met ? "" : " **missed**");
  return [
    ...(target.ratio === undefined ? [] : [`≥ ${target.ratio}x${say(verdicts.ratio)}`]),
    ...(target.share === undefined ? [] : [`≥ ${percent(target.share)}${say(verdicts.share)}`]),
    ...(target.most === undefined ? [] : [`≤ ${target.most} ${row.unit}${say(verdicts.most)}`]),
  ].join(", ");
}

/** Whether what was asked came out; undefined where nothing was asked, or there was nothing to hold it against. */
export function metTargets({ ratio, ours, limit, target }: BenchRow): {
  ratio?: boolean;
  share?: boolean;
  most?: boolean;
} {
  return {
    ...(target?.ratio !== undefined && ratio !== undefined && { ratio: ratio >= target.ratio }),
    ...(target?.share !== undefined && limit !== undefined && { share: limit / ours >= target.share }),
    ...(target?.most !== undefined && { most: ours <= target.most }),
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** Three digits. */
function number(value: number): string {
  return value >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
