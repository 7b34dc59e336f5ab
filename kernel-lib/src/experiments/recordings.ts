/** What `results/` holds: the micro experiments behind the notebooks, with how many seeds. `make results` computes them. */

/** One recorded run. */
export interface Recording {
  readonly experiment: string;
  readonly seeds: readonly number[];
}

/**
 * Five seeds where methods are compared: the first five whose student is more capable than its supervisor, by the validation split (the
 * premise of weak supervision; the base model of seed 3 has not learned to add, docs/decisions/0004-micro-math-recipe.md).
 */
const COMPARED: readonly number[] = [0, 1, 2, 4, 5];

const SWEPT: readonly number[] = [0, 1, 2];

/** Sweeps have three seeds. What others build on comes first. */
export const RECORDINGS: readonly Recording[] = [
  { experiment: "micro-math/main", seeds: COMPARED },
  { experiment: "micro-math/ora", seeds: COMPARED },
  { experiment: "micro-math/corora", seeds: COMPARED },
  { experiment: "micro-math/beta-sweep", seeds: SWEPT },
  { experiment: "micro-math/fidelity", seeds: SWEPT },
  { experiment: "micro-math/fidelity-f5", seeds: SWEPT },
  { experiment: "micro-math/fidelity-f6", seeds: SWEPT },
  { experiment: "micro-math/as-released", seeds: SWEPT },
  { experiment: "micro-math/reviewers", seeds: SWEPT },
  { experiment: "micro-math/phase", seeds: SWEPT },
  { experiment: "micro-math/gap-48", seeds: SWEPT },
  { experiment: "micro-math/gap-128", seeds: SWEPT },
  { experiment: "micro-safety/main", seeds: SWEPT },
  { experiment: "micro-safety/beta-sweep", seeds: SWEPT },
  { experiment: "micro-sql/main", seeds: SWEPT },
  { experiment: "micro-sql/beta-sweep", seeds: SWEPT },
];
