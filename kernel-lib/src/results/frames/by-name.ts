import type { ColumnTable } from "arquero";
import type { RunRecord } from "../../experiments/index.js";
import { arms } from "./arms.js";
import { comparisons } from "./comparisons.js";
import { contrasts } from "./contrasts.js";
import { evaluators } from "./evaluators.js";
import { examples } from "./examples.js";
import { type Columns, type FrameDefinition, frameOf } from "./frame.js";
import { labels } from "./labels.js";
import { phase } from "./phase.js";
import { proposals } from "./proposals.js";
import { rounds } from "./rounds.js";

/** What `run.frame` makes of a recorded run: summaries for reading, in %, and the rows behind them that the record itself holds. */
export const frames = { rounds, arms, labels, comparisons, proposals, contrasts, phase, examples, evaluators } as const;
export type FrameName = keyof typeof frames;

/** A frame of a run. */
export function frameNamed(name: FrameName, run: RunRecord): ColumnTable {
  const { columns, rowsOf } = frames[name] as unknown as FrameDefinition<Columns, RunRecord>;
  return frameOf(columns, rowsOf(run));
}
