import { seededRandom } from "../../core/index.js";
import {
  type Asked,
  type GoldPair,
  type Judgement,
  judgementsDigest,
  pairDigest,
  scoreOf,
  sittingOf,
} from "../../human/index.js";
import type { Artifact } from "../../steps/index.js";
import { type Question, taskKey } from "../../tasks/index.js";
import { isCostly, scoresOf } from "../grading.js";
import type { Setting } from "../setting.js";
import { bothAnswers } from "./oracle.js";
import type { AnswerPair, ComparisonSource, ScoredPair } from "./source.js";

/** Gold pairs, looked up when they are needed. */
export type GoldPairs = () => Promise<Artifact<GoldPair>>;

export interface HumanOptions {
  /** The most pairs that are asked in a round (paper: 1,000). Default: all that are worth asking. */
  readonly perRound?: number | undefined;
  /** Pairs whose truth is known, to be mixed in. Default: none. */
  readonly gold?: GoldPairs | undefined;
  /** Gold pairs for each pair that is asked for its own sake. Default: 0.2. */
  readonly goldShare?: number | undefined;
}

/**
 * Comparisons by a person, one pair after the other against the clock (Sec. 6 of the paper). The score is 1 or 0: a key that was pressed
 * says nothing of how sure somebody was. Unsure, time that ran out, and pairs that were not asked are 0.5, no preference: such a pair
 * changes no label and trains no policy.
 *
 * Asked is a draw of the pairs whose answers differ in more than words; the rest would waste a person's time.
 *
 * @param asked who answers; the judgements of a round are part of the keys of what follows from it, nothing else of a session is.
 */
export function human(asked: Asked, options: HumanOptions = {}): ComparisonSource {
  return {
    name: "human",
    async score(setting, pairs, { label, round }): Promise<Artifact<ScoredPair>> {
      const chosen = await worthAsking(setting, pairs, { label, round, perRound: options.perRound });
      const judgements = await judgementsOf(setting, chosen, asked, { ...options, round, label });
      const { scored } = await setting.runner.derive<
        { pairs: AnswerPair; questions: Question },
        { scored: ScoredPair }
      >(
        "comparisons/human",
        { judgements: judgements ? judgementsDigest(judgements) : "not known" },
        { pairs, questions: setting.unlabelled.questions },
        // A plan without judgements does not make them up.
        { label, expectRows: { scored: pairs.rows ?? 0 }, costly: true },
        (tables) => {
          const questions = textsOf(tables.questions);
          const found = new Map((judgements ?? []).map((judgement) => [judgement.pair, judgement]));
          return {
            scored: tables.pairs.map((pair) => {
              const judgement = found.get(pairDigest(compared(pair, questions)));
              return { ...pair, score: judgement ? scoreOf(judgement, pair) : 0.5 };
            }),
          };
        },
      );
      return scored;
    },
  };
}

interface Round {
  readonly label: string;
  readonly round: number;
}

/** Pairs that disagree, each different one once, and of those a draw. */
async function worthAsking(
  { runner, task, seed, unlabelled }: Setting,
  pairs: Artifact<AnswerPair>,
  { label, round, perRound }: Round & { readonly perRound: number | undefined },
): Promise<Artifact<AnswerPair>> {
  const { asked } = await runner.derive<{ pairs: AnswerPair; questions: Question }, { asked: AnswerPair }>(
    "human/asked",
    { task: taskKey(task), seed, round, ...(perRound !== undefined && { perRound }) },
    { pairs, questions: unlabelled.questions },
    {
      label: `${label}: pairs to ask`,
      expectRows: { asked: Math.min(perRound ?? Number.POSITIVE_INFINITY, pairs.rows ?? 0) },
      costly: isCostly(task),
    },
    async (tables) => {
      const questions = new Map(tables.questions.map((question) => [question.id, question]));
      const different = tables.pairs.filter(({ a, b }) => a !== b);
      const agreed = await task.agree(
        different.map(({ questionId, a, b }) => ({ question: questions.get(questionId)!, label: a, proposal: b })),
      );
      const texts = textsOf(tables.questions);
      const disagreeing = new Map(
        different.filter((_, i) => !agreed[i]).map((pair) => [pairDigest(compared(pair, texts)), pair]),
      );
      const drawn = seededRandom("human/asked", seed, round).shuffle([...disagreeing.values()]);
      return { asked: drawn.slice(0, perRound) };
    },
  );
  return asked;
}

async function judgementsOf(
  { runner, task, seed, unlabelled }: Setting,
  chosen: Artifact<AnswerPair>,
  asked: Asked,
  { gold, goldShare = 0.2, round, label }: HumanOptions & Round,
): Promise<readonly Judgement[] | undefined> {
  const goldOf = gold && (await gold());
  const [pairs, questions, known = []] = await Promise.all([
    runner.read(chosen),
    runner.read(unlabelled.questions),
    goldOf && runner.read(goldOf),
  ]);
  if (pairs === undefined || questions === undefined) return undefined;
  const texts = textsOf(questions);
  const truth = asked.seesTruth ? await scoresOf(task, questions, pairs.flatMap(bothAnswers)) : undefined;
  const items = pairs.map((pair) => {
    const { questionId, a, b } = pair;
    const difference = truth && Math.sign(truth(questionId, b) - truth(questionId, a));
    const better = difference === undefined ? {} : { truth: (["a", "tie", "b"] as const)[difference + 1]! };
    return { questionId, ...compared(pair, texts), ...better };
  });
  const name = label.replace(/: comparisons$/, "");
  const judgements = await asked.judge(sittingOf(items, known, { name, seed, round, goldShare }));
  const wanted = new Set(items.map(pairDigest));
  return judgements?.filter(({ pair }) => wanted.has(pair));
}

function compared(
  { questionId, a, b }: AnswerPair,
  texts: ReadonlyMap<string, string>,
): Parameters<typeof pairDigest>[0] {
  return { question: texts.get(questionId)!, a, b };
}

function textsOf(questions: readonly Question[]): ReadonlyMap<string, string> {
  return new Map(questions.map(({ id, question }) => [id, question]));
}
