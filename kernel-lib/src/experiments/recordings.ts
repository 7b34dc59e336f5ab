/** What `results/` holds: the micro experiments behind the notebooks, with how many seeds. `make results` computes them. */

/** One recorded run. */
export interface Recording {
  readonly experiment: string;
  readonly seeds: readonly number[];
}

const seeds = (count: number): readonly number[] => Array.from({ length: count }, (_, seed) => seed);

/** Five seeds where methods are compared, three for sweeps; what others build on comes first. */
export const RECORDINGS: readonly Recording[] = [
  { experiment: "micro-math/main", seeds: seeds(5) },
  { experiment: "micro-math/ora", seeds: seeds(5) },
  { experiment: "micro-math/corora", seeds: seeds(5) },
  { experiment: "micro-math/beta-sweep", seeds: seeds(3) },
  { experiment: "micro-math/fidelity", seeds: seeds(3) },
  { experiment: "micro-math/as-released", seeds: seeds(3) },
  { experiment: "micro-math/reviewers", seeds: seeds(3) },
  { experiment: "micro-math/phase", seeds: seeds(3) },
  { experiment: "micro-math/gap-48", seeds: seeds(3) },
  { experiment: "micro-math/gap-128", seeds: seeds(3) },
];
