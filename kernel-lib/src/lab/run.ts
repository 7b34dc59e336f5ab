import type { ColumnTable } from "arquero";
import { findProject, type RunRecord } from "../experiments/index.js";
import { type Figure, type FigureName, figuresByName, refinements, timeline } from "../figures/index.js";
import type { Judgement } from "../human/index.js";
import {
  answersSideBySide,
  displayedAs,
  displayedVerdicts,
  labelDiff,
  runCard,
  withProvenance,
} from "../notebook/index.js";
import {
  type AnswerOptions,
  accuracyByCategory,
  type ComparedAnswers,
  type DifferenceOptions,
  differenceFrame,
  type FrameName,
  frameNamed,
  frames,
  type LabelChange,
  type LabelOptions,
  type ModelChoice,
  type PowerQuestion,
  powerFrame,
  type RecordsName,
  recordsOf,
  recordTables,
  type SummaryFormat,
  selectArms,
  storedAnswers,
  storedLabels,
  storedRefinements,
  storedTimeline,
  storedTokens,
  summaryTable,
  timesFrame,
  type Verdict,
  verdicts,
} from "../results/index.js";
import { openStore, type Store } from "../store/index.js";
import { taskByName } from "../tasks/index.js";
import { type Model, type ModelOptions, modelOfThisRun } from "./models/index.js";
import { member } from "./names.js";
import { provenanceOfRun } from "./provenance.js";

/** A finished run, and ways to look at it; `display` shows it as a card, and each of its parts with where its numbers come from. */
export interface Run {
  readonly record: RunRecord;
  /**
   * A table about the run, at once: `examples` and `evaluators` are rows as recorded; the others sum up, in % and with intervals.
   *
   * @throws LabError `name-unknown`; `input-missing` for `phase` of a run that has no validation accuracy to choose a learning rate by.
   */
  frame(name: FrameName): ColumnTable;
  /**
   * Rows as they were recorded, one each, shares from 0 to 1: of the run itself (`runs`, `rounds`, `examples`, `evaluators`,
   * `comparisons`, `calibration`), or from the store (`labels`, `pairs`, `losses`, `steps`, `costs`).
   *
   * @throws LabError `input-missing` when the store does not have them, as with a run that was recorded elsewhere; `name-unknown`.
   * @example
   * const pairs = await run.records("pairs");
   * display(pairs.filter((pair) => pair.arm === "DPO (evaluator)" && pair.selected));
   */
  records(name: RecordsName): Promise<ColumnTable>;
  /**
   * A figure by its name; docs/figures.md says what each shows.
   *
   * @throws LabError `name-unknown`; `input-missing` for a run without the arms that it shows, with a hint at a preset that has them.
   */
  figure(name: FigureName): Figure;
  /**
   * How much better one arm is than another, round by round (or at the last of each): paired differences in points.
   *
   * @throws LabError `name-unknown`.
   * @example
   * display(run.difference("ILR (oracle)", "DPO (oracle)"));
   */
  difference(arm: string, other: string, options?: DifferenceOptions): ColumnTable;
  /**
   * The same run with these arms only.
   *
   * @throws LabError `name-unknown`, `config-invalid` for none.
   * @example
   * display(run.only("SFT", "ILR (oracle)", "DPO (oracle)").figure("accuracy-by-round"));
   */
  only(...arms: readonly string[]): Run;
  /**
   * Test accuracy at each arm's last round by kind of question, where the task has kinds: one row an arm and kind.
   *
   * @throws LabError `input-missing` where the task's data is not here, `input-damaged` for a run that was tested on more questions than it has.
   * @example
   * display((await run.only("Weak supervisor").categories()).orderby("accuracy"));
   */
  categories(): Promise<ColumnTable>;
  /**
   * How many seeds and questions it would take to see a difference, in points; by default 2, for every comparison that bears on a claim.
   *
   * @throws LabError `name-unknown`, `config-invalid`.
   * @example
   * display(run.power({ difference: 2, arms: ["ILR (evaluator)", "DPO (evaluator)"] }));
   */
  power(question?: PowerQuestion): ColumnTable;
  /**
   * The comparisons that a person, or a simulated one, made for this run; none where nobody did, or for a run that was recorded.
   *
   * @example
   * display(markdown(describePerson(run.judgements())));
   */
  judgements(): readonly Judgement[];
  /** The results as one table. */
  summary(format?: SummaryFormat): string;
  /** What the run says about the paper's claims; `display` shows them as a table. */
  verdicts(): readonly Verdict[];
  /**
   * What the models of some arms answered to some test questions, for `display` to show side by side.
   *
   * @throws LabError `input-missing` when the answers are not in the store, as with a run that was recorded elsewhere; `name-unknown`.
   * @example
   * display(await run.answers({ arms: ["Weak supervisor", "SFT", "ILR (oracle)"], questions: 5 }));
   */
  answers(options?: AnswerOptions): Promise<readonly ComparedAnswers[]>;
  /**
   * What a round of refinement did to each label, for `display` to show word by word.
   *
   * @throws LabError as `answers` does; `config-invalid` for an arm that refines no labels.
   * @example
   * display(await run.labelChanges({ arm: "ILR (oracle)", round: 1 }));
   * display(await run.labelChanges({ arm: "ILR (evaluator)", outcome: "broken", score: [0.9, 1] }));
   */
  labelChanges(options: LabelOptions): Promise<readonly LabelChange[]>;
  /**
   * All rounds of an arm's refinement to browse: a figure and a table that one menu filters together, by outcome, round or kind of question.
   *
   * @throws LabError as `labelChanges`.
   * @example
   * display(await run.refinements({ arm: "ILR (evaluator)" }));
   */
  refinements(options: Pick<LabelOptions, "arm" | "seed">): Promise<Figure>;
  /**
   * When each step of the run ran, and on which worker; the longest chain of steps that need each other is drawn through it.
   *
   * @throws LabError `input-missing` when the store does not have the steps, as with a run that was recorded elsewhere.
   * @example
   * display(await run.timeline());
   */
  timeline(): Promise<Figure>;
  /**
   * The same as a table: seconds by verb, idle workers, the longest chain against the clock.
   *
   * @throws LabError as `timeline`.
   * @example
   * display(await run.times());
   */
  times(): Promise<ColumnTable>;
  /**
   * One of the run's models, loaded to be talked to.
   *
   * @throws LabError as `lab.model`.
   * @example
   * const ilr = await run.model({ arm: "ILR (oracle)", round: 3 });
   * display(await ilr.answer("Tom has 3 apples. He buys 4 more. How many apples?"));
   */
  model(choice: ModelChoice & Pick<ModelOptions, "memory">): Promise<Model>;
}

/** What is known of a run besides its record. */
export interface RunOrigin {
  /** True for a run that was read from `results/`. Default: false. */
  readonly recorded?: boolean;
  /** What people answered. Default: nothing. */
  readonly judgements?: readonly Judgement[] | undefined;
  /** The store that may hold its answers and labels. Default: that of the checkout around the current folder. */
  readonly store?: () => Promise<Store>;
}

/** The ways to look at a record. */
export function runOf(record: RunRecord, origin: RunOrigin = {}): Run {
  const { store = () => openStore(findProject().store), recorded: isRecorded = false } = origin;
  const about = <T extends object>(value: T, arms?: readonly unknown[]): T =>
    withProvenance(value, provenanceOfRun(record, isRecorded, arms));
  const run: Run = {
    record,
    frame: (name) => {
      member(frames, "frame", name);
      const frame = frameNamed(name, record);
      return about(frame, frame.columnNames().includes("arm") ? Array.from(frame.array("arm")) : undefined);
    },
    records: async (name) => {
      member(recordTables, "table of records", name);
      return about(await recordsOf(name, { run: record, store }));
    },
    figure: (name) => {
      const figure = member(figuresByName, "figure", name)(record);
      return about(
        figure,
        figure.data.map((trace) => trace.name),
      );
    },
    difference: (arm, other, options) => about(differenceFrame(record, arm, other, options), [arm, other]),
    only: (...arms) => runOf(selectArms(record, arms), origin),
    categories: async () => {
      const frame = await accuracyByCategory(record, taskByName(record.provenance.experiment.task));
      return about(frame, Array.from(frame.array("arm")));
    },
    power: (question) => about(powerFrame(record, question), question?.arms),
    judgements: () => origin.judgements ?? [],
    summary: (format) => summaryTable(record, format),
    verdicts: () => about(displayedVerdicts(verdicts(record))),
    answers: async (options = {}) =>
      about(answersSideBySide(await storedAnswers(record, await store(), options)), options.arms),
    labelChanges: async (options) =>
      about(labelDiff(await storedLabels(record, await store(), options)), [options.arm]),
    refinements: async (options) =>
      about(refinements(options.arm, await storedRefinements(record, await store(), options)), [options.arm]),
    timeline: async () => {
      const place = await store();
      return about(timeline(record, await storedTimeline(record, place), await storedTokens(record, place)));
    },
    times: async () => about(timesFrame(await storedTimeline(record, await store()))),
    model: (choice) => modelOfThisRun(record, store, choice, isRecorded),
  };
  return about(displayedAs(run, () => runCard(record)));
}
