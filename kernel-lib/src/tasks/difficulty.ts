/** Which kinds of questions a model gets right: what the micro tasks' difficulty reports share. */

/** A judged answer. `reference` is the ground truth, from which the difficulty is read. */
export interface JudgedQuestion {
  readonly category?: string;
  readonly reference: string;
  readonly correct: boolean;
}

/** One template. `n` counts questions, `accuracy` is from 0 to 1. */
export interface AccuracyRow {
  readonly category: string;
  readonly n: number;
  readonly accuracy: number;
}

/**
 * Accuracy and static features per template, hardest first. Questions without a template count as `(none)`.
 *
 * @param featuresOf what makes these questions hard, read from their references.
 */
export function accuracyByTemplate<F extends object>(
  questions: readonly JudgedQuestion[],
  featuresOf: (references: readonly string[]) => F,
): readonly (AccuracyRow & F)[] {
  const groups = new Map<string, JudgedQuestion[]>();
  for (const question of questions) {
    const name = question.category ?? "(none)";
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [question]);
    else group.push(question);
  }
  return [...groups]
    .map(([category, group]) => ({
      category,
      n: group.length,
      accuracy: group.filter(({ correct }) => correct).length / group.length,
      ...featuresOf(group.map(({ reference }) => reference)),
    }))
    .sort((x, y) => x.accuracy - y.accuracy || (x.category < y.category ? -1 : 1));
}
