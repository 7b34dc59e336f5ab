import { type ActionRecord, inputsOfDocument, verbOf } from "../../store/index.js";

/** Where a step or a derivation was on the clock. */
export interface TimedStep {
  readonly key: string;
  readonly label: string;
  /** Its verb, or the derivation's name. */
  readonly name: string;
  readonly kind: "step" | "derive";
  /** Seconds since the timeline's beginning. */
  readonly start: number;
  readonly end: number;
  /** Steps of one lane never overlap: 0 is the first worker; derivations have lanes of their own. */
  readonly lane: number;
  /** It is of the longest chain of steps that need each other. */
  readonly critical: boolean;
}

/** When the steps of a run ran, and on which of its workers. */
export interface Timeline {
  /** In the order of their starts. */
  readonly steps: readonly TimedStep[];
  /** How many steps ran at once at most. */
  readonly workers: number;
  /** Seconds from the first start to the last end. */
  readonly wall: number;
  /** Seconds that workers had nothing to do, all of them together. */
  readonly idle: number;
  /** Seconds of the longest chain of steps that need each other: no number of workers is faster. */
  readonly critical: number;
  /** Records of the run that are of another day, and in none of the numbers: they were in the store already. */
  readonly earlier: number;
}

/** A pause in which nothing ran for longer than this, in seconds, ends a sitting. */
const PAUSE = 60;

/**
 * The sitting in which most of a run was computed: its steps on lanes, and the chain that decided how long it took.
 *
 * @example
 * const { wall, critical, idle, workers } = timelineOf((await storedRun(run, store)).records);
 */
export function timelineOf(records: readonly ActionRecord[]): Timeline {
  const all = records.map(spanOf).sort((x, y) => x.start - y.start || x.end - y.end);
  const spans = mainSitting(all);
  const begin = Math.min(...spans.map(({ start }) => start));
  const chain = longestChain(spans);
  const [steps, derivations] = (["step", "derive"] as const).map((kind) =>
    onLanes(spans.filter(({ record }) => record.document.kind === kind)),
  );
  const timed = [...steps!, ...derivations!].map(
    ({ span: { record, start, end }, lane }): TimedStep => ({
      ...{ key: record.key, label: record.label, name: verbOf(record.document), kind: record.document.kind },
      ...{ start: start - begin, end: end - begin, lane, critical: chain.has(record.key) },
    }),
  );
  const workers = 1 + Math.max(-1, ...steps!.map(({ lane }) => lane));
  const wall = Math.max(0, ...timed.map(({ end }) => end));
  const seconds = (of: readonly TimedStep[]): number => of.reduce((sum, { start, end }) => sum + end - start, 0);
  return {
    steps: timed.sort((x, y) => x.start - y.start || x.end - y.end),
    ...{ workers, wall, idle: workers * wall - seconds(timed.filter(({ kind }) => kind === "step")) },
    ...{ critical: seconds(timed.filter(({ critical }) => critical)), earlier: all.length - spans.length },
  };
}

/** A record with its times in seconds. */
interface Span {
  readonly record: ActionRecord;
  readonly start: number;
  readonly end: number;
}

function spanOf(record: ActionRecord): Span {
  const start = Date.parse(record.startedAt) / 1000;
  return { record, start, end: Math.max(start, Date.parse(record.endedAt) / 1000) };
}

/** Of the times between which nothing ran for long, the one with most to do. */
function mainSitting(spans: readonly Span[]): readonly Span[] {
  const sittings: Span[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const span of spans) {
    if (span.start - last > PAUSE) sittings.push([]);
    sittings.at(-1)!.push(span);
    last = Math.max(last, span.end);
  }
  const work = (sitting: readonly Span[]): number => sitting.reduce((sum, { start, end }) => sum + end - start, 0);
  return sittings.reduce<readonly Span[]>((most, each) => (work(each) > work(most) ? each : most), sittings[0] ?? []);
}

/** Each on the first lane that is free again. */
function onLanes(spans: readonly Span[]): readonly { readonly span: Span; readonly lane: number }[] {
  const freeAt: number[] = [];
  return spans.map((span) => {
    const free = freeAt.findIndex((end) => end <= span.start);
    const lane = free === -1 ? freeAt.length : free;
    freeAt[lane] = span.end;
    return { span, lane };
  });
}

/** Keys of the chain, each needing an output of the one before it, that takes longest; spans are in the order of their starts. */
function longestChain(spans: readonly Span[]): ReadonlySet<string> {
  const makers = new Map<string, Link>();
  const before = new Map<string, string | undefined>();
  let longest: { readonly key?: string; readonly seconds: number } = { seconds: -1 };
  for (const span of spans) {
    const { key, document, outputs } = span.record;
    const needed = Object.values(inputsOfDocument(document)).flatMap((ref) => makers.get(ref) ?? []);
    const [last] = needed.filter(({ end }) => end <= span.start).sort((x, y) => y.seconds - x.seconds);
    const seconds = (last?.seconds ?? 0) + span.end - span.start;
    before.set(key, last?.key);
    // What two steps made alike was there when the first had made it.
    for (const { ref } of Object.values(outputs)) {
      if (!((makers.get(ref)?.end ?? Number.POSITIVE_INFINITY) <= span.end))
        makers.set(ref, { key, end: span.end, seconds });
    }
    if (seconds > longest.seconds) longest = { key, seconds };
  }
  const chain = new Set<string>();
  for (let { key } = longest; key !== undefined; key = before.get(key)) chain.add(key);
  return chain;
}

/** Who made something, when it was there, and how long the longest chain up to it took. */
interface Link {
  readonly key: string;
  readonly end: number;
  readonly seconds: number;
}
