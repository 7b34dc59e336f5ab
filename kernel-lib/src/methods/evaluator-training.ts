import { type Random, seededRandom } from "../core/index.js";
import type { AnswerRow, Artifact, ClassifierExample, Demonstration } from "../steps/index.js";
import { isRight, type Question, type Task, taskKey } from "../tasks/index.js";
import { answer } from "./answer.js";
import { isCostly, scoresOf } from "./grading.js";
import { groundTruth, type Setting } from "./setting.js";
import { sft } from "./sft.js";
import { checkpointsOf, type WeakSupervision } from "./weak-supervision.js";

/** Two answers of which the first is the better one. */
export interface BetterAndWorse {
  /** Of the question. */
  readonly id: string;
  readonly better: string;
  readonly worse: string;
}

/** A trained evaluator and the pairs kept back from its training. */
export interface TrainedEvaluator {
  readonly model: Artifact;
  readonly log: Artifact;
  readonly train: Artifact<ClassifierExample>;
  readonly validation: Artifact<ClassifierExample>;
  /** The answers in `validation`, one row a pair, in its order. */
  readonly heldOut: Artifact<BetterAndWorse>;
}

/**
 * The paper's evaluator: a small language model with a two-way head, trained to tell better from worse answers. Nobody but the weak
 * supervisor's half of the ground truth is used. Its pairs come from checkpoints that answer that half:
 * - `by-score`: of the weak supervisor's own training; their correct and wrong answers make the pairs (GSM8K, BIRD);
 * - `one-sided`: of supervisors trained on one category of questions each, such as only general or only safety ones; every answer of theirs
 *   is worse than the reference (SaferPaca).
 */
export async function trainEvaluator(setting: Setting, weak: WeakSupervision): Promise<TrainedEvaluator> {
  const { runner, recipe, seed } = setting;
  const answers =
    recipe.evaluatorPairs === "one-sided"
      ? await oneSidedAnswers(setting)
      : await checkpointAnswers(setting, weak.checkpoints, "evaluator");
  const { train, validation, heldOut } = await evaluatorPairs(setting, answers);
  const outputs = await runner.step(
    "evaluator",
    recipe.evaluator,
    { model: setting.bases.weak, train, validation },
    { seed, label: "evaluator" },
  );
  return { model: outputs.model!, log: outputs.log!, train, validation, heldOut };
}

/** One answer of every checkpoint, earliest first, to every question of the supervisor's half. */
function checkpointAnswers(
  setting: Setting,
  checkpoints: readonly Artifact[],
  label: string,
): Promise<readonly Artifact<AnswerRow>[]> {
  const decoding = { kind: "temperature", temperature: setting.recipe.evaluatorTemperature, samples: 1 } as const;
  return Promise.all(
    checkpoints.map((checkpoint, k) =>
      answer(setting, checkpoint, setting.supervised, `${label}: answers of checkpoint ${k + 1}`, decoding),
    ),
  );
}

/** Answers of supervisors that have seen one category of questions only, by checkpoint, the categories side by side. */
async function oneSidedAnswers(setting: Setting): Promise<readonly Artifact<AnswerRow>[]> {
  const { runner, task, supervised, recipe } = setting;
  const truth = await groundTruth(setting, supervised);
  const categories = task.categories ?? [];
  const byCategory = await Promise.all(
    categories.map(async (category) => {
      const label = `evaluator: ${category} only`;
      const { kept } = await runner.derive<{ truth: Demonstration; questions: Question }, { kept: Demonstration }>(
        "evaluator/one-category",
        { category },
        { truth, questions: supervised.questions },
        { label, expectRows: { kept: Math.ceil((truth.rows ?? 0) / categories.length) } },
        (tables) => ({ kept: tables.truth.filter((_, i) => tables.questions[i]!.category === category) }),
      );
      const outputs = await sft(setting, setting.bases.weak, kept, label, recipe.weak);
      return checkpointAnswers(setting, checkpointsOf(outputs, recipe), label);
    }),
  );
  return (byCategory[0] ?? []).flatMap((_, k) => byCategory.map((answers) => answers[k]!));
}

type Pairs = { train: ClassifierExample; validation: ClassifierExample; heldOut: BetterAndWorse };

async function evaluatorPairs(
  setting: Setting,
  answers: readonly Artifact<AnswerRow>[],
): Promise<{ readonly [K in keyof Pairs]: Artifact<Pairs[K]> }> {
  const { task, seed, supervised, recipe } = setting;
  const inputs = Object.fromEntries(answers.map((artifact, k) => [String(k), artifact]));
  const count = 2 * (supervised.questions.rows ?? 0);
  const { evaluatorPairs: kind = "by-score" } = recipe;
  // Each step back in training doubles an answer's weight.
  const checkpoints = recipe.weak.checkpoints ?? 0;
  return setting.runner.derive<{ questions: Question } & Record<string, AnswerRow | Question>, Pairs>(
    "evaluator/pairs",
    { task: taskKey(task), seed, answers: answers.length, checkpoints, kind },
    { questions: supervised.questions, ...inputs },
    {
      label: "evaluator: pairs",
      expectRows: { train: count * 0.9, validation: count * 0.1, heldOut: count * 0.05 },
      costly: kind === "by-score" && isCostly(task),
    },
    async (tables) => {
      const all = answers.map((_, k) => tables[String(k)] as readonly AnswerRow[]);
      const score = kind === "by-score" ? await scoresOf(task, tables.questions, all.flat()) : () => 0;
      const random = seededRandom("evaluator/pairs", seed);
      const chosen = tables.questions.flatMap((question, i): readonly Chosen[] => {
        const candidates = all.map((rows, k): Candidate => {
          const { answer: text } = rows[i]!;
          const checkpoint = Math.floor((k * checkpoints) / all.length);
          return { text, right: isRight(score(question.id, text)), weight: 2 ** (checkpoints - 1 - checkpoint) };
        });
        const pair = choosePair(question, candidates, random);
        return pair ? [{ question, pair }] : [];
      });
      // Split by question, so that no question is on both sides (paper: 90/10).
      const shuffled = random.shuffle(chosen);
      const cut = Math.floor(shuffled.length * 0.9);
      const examples = ({ question, pair }: Chosen): readonly ClassifierExample[] => bothOrders(task, question, pair);
      return {
        train: shuffled.slice(0, cut).flatMap(examples),
        validation: shuffled.slice(cut).flatMap(examples),
        heldOut: shuffled.slice(cut).map(({ question: { id }, pair }) => ({ id, ...pair })),
      };
    },
  );
}

interface Chosen {
  readonly question: Question;
  readonly pair: Omit<BetterAndWorse, "id">;
}

interface Candidate {
  readonly text: string;
  readonly right: boolean;
  readonly weight: number;
}

/**
 * One (better, worse) pair for a question. Earlier checkpoints count twice as much for every step back, so that
 * varied mistakes are met and not only the final model's.
 */
function choosePair(
  { reference }: Question,
  candidates: readonly Candidate[],
  random: Random,
): Chosen["pair"] | undefined {
  const pick = (wanted: boolean): string | undefined => {
    // Word for word the reference is no second answer: the pair would carry both labels for one text.
    const fitting = candidates.filter(({ text, right }) => right === wanted && text !== reference);
    if (fitting.length === 0) return undefined;
    return random.pickWeighted(
      fitting,
      fitting.map(({ weight }) => weight),
    ).text;
  };
  const [positive, negative] = [pick(true), pick(false)];
  if (negative === undefined) return positive === undefined ? undefined : { better: reference, worse: positive };
  if (positive === undefined) return { better: reference, worse: negative };
  return { better: random.next() < 0.5 ? positive : reference, worse: negative };
}

function bothOrders(
  task: Task,
  { id, question }: Question,
  { better, worse }: Chosen["pair"],
): readonly ClassifierExample[] {
  return [
    { id: `${id}/reject`, text: task.comparisonPrompt(question, better, worse), label: 0 },
    { id: `${id}/accept`, text: task.comparisonPrompt(question, worse, better), label: 1 },
  ];
}
