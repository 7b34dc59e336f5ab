import { type Random, seededRandom } from "../core/index.js";
import type { AnswerRow, Artifact, ClassifierExample } from "../steps/index.js";
import type { Question, Task } from "../tasks/index.js";
import { answer } from "./answer.js";
import type { Setting } from "./setting.js";
import type { WeakSupervision } from "./weak-supervision.js";

/** A trained evaluator and the pairs kept back from its training. */
export interface TrainedEvaluator {
  readonly model: Artifact;
  readonly log: Artifact;
  readonly train: Artifact<ClassifierExample>;
  readonly validation: Artifact<ClassifierExample>;
}

/**
 * The paper's evaluator: a small language model with a two-way head, trained to tell better from worse answers.
 * Checkpoints of the weak supervisor's own training answer its half of the questions; their correct and wrong answers
 * make the pairs. Nobody but the weak supervisor's half of the ground truth is used.
 */
export async function trainEvaluator(setting: Setting, weak: WeakSupervision): Promise<TrainedEvaluator> {
  const { runner, recipe, seed } = setting;
  const decoding = { kind: "temperature", temperature: recipe.evaluatorTemperature, samples: 1 } as const;
  const answers = await Promise.all(
    weak.checkpoints.map((checkpoint, k) =>
      answer(setting, checkpoint, setting.supervised, `evaluator: answers of checkpoint ${k + 1}`, decoding),
    ),
  );
  const { train, validation } = await evaluatorPairs(setting, answers);
  const outputs = await runner.step(
    "evaluator",
    recipe.evaluator,
    { model: setting.bases.weak, train, validation },
    { seed, label: "evaluator" },
  );
  return { model: outputs.model!, log: outputs.log!, train, validation };
}

type Pairs = { train: ClassifierExample; validation: ClassifierExample };

async function evaluatorPairs(
  setting: Setting,
  answers: readonly Artifact<AnswerRow>[],
): Promise<{ readonly [K in keyof Pairs]: Artifact<Pairs[K]> }> {
  const { task, seed, supervised } = setting;
  const inputs = Object.fromEntries(answers.map((artifact, k) => [String(k), artifact]));
  const count = 2 * (supervised.questions.rows ?? 0);
  return setting.runner.derive<{ questions: Question } & Record<string, AnswerRow | Question>, Pairs>(
    "evaluator/pairs",
    { task: task.name, seed, checkpoints: answers.length },
    { questions: supervised.questions, ...inputs },
    { label: "evaluator: pairs", expectRows: { train: count * 0.9, validation: count * 0.1 } },
    (tables) => {
      const byCheckpoint = answers.map((_, k) => tables[String(k)] as readonly AnswerRow[]);
      const random = seededRandom("evaluator/pairs", seed);
      const examples = tables.questions.flatMap((question, i) => {
        const candidates = byCheckpoint.map((rows) => rows[i]!.answer);
        const pair = choosePair(task, question, candidates, random);
        return pair ? [bothOrders(task, question, pair)] : [];
      });
      // Split by question, so that no question is on both sides (paper: 90/10).
      const shuffled = random.shuffle(examples);
      const cut = Math.floor(shuffled.length * 0.9);
      return { train: shuffled.slice(0, cut).flat(), validation: shuffled.slice(cut).flat() };
    },
  );
}

/**
 * One (better, worse) pair for a question. Earlier checkpoints count twice as much for every step back, so that
 * varied mistakes are met and not only the final model's.
 */
function choosePair(
  task: Task,
  { reference }: Question,
  candidates: readonly string[],
  random: Random,
): { readonly better: string; readonly worse: string } | undefined {
  const weights = candidates.map((_, k) => 2 ** (candidates.length - 1 - k));
  const pick = (wanted: boolean): string | undefined => {
    // Word for word the reference is no second answer: the pair would carry both labels for one text.
    const indices = candidates.flatMap((text, k) =>
      (task.score(text, reference) === 1) === wanted && text !== reference ? [k] : [],
    );
    if (indices.length === 0) return undefined;
    return candidates[
      random.pickWeighted(
        indices,
        indices.map((k) => weights[k]!),
      )
    ];
  };
  const [positive, negative] = [pick(true), pick(false)];
  if (negative === undefined) return positive === undefined ? undefined : { better: reference, worse: positive };
  if (positive === undefined) return { better: reference, worse: negative };
  return { better: random.next() < 0.5 ? positive : reference, worse: negative };
}

function bothOrders(
  task: Task,
  { id, question }: Question,
  { better, worse }: { readonly better: string; readonly worse: string },
): readonly ClassifierExample[] {
  return [
    { id: `${id}/reject`, text: task.comparisonPrompt(question, better, worse), label: 0 },
    { id: `${id}/accept`, text: task.comparisonPrompt(question, worse, better), label: 1 },
  ];
}
