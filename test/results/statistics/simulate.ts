import type { Random } from "../../../kernel-lib/src/core/index.js";
import type { PairedTable } from "../../../kernel-lib/src/results/index.js";

export interface World {
  readonly seeds: number;
  readonly questions: number;
  /** The true difference, and its standard deviation between seeds. */
  readonly difference: number;
  readonly betweenSeeds: number;
  /** Share of questions on which the two models disagree. */
  readonly disagreement: number;
}

/** Two models' answers in a world that is known: each seed has its own true difference, each question is right, wrong or alike by chance. */
export function simulated(world: World, random: Random): PairedTable[] {
  const { seeds, questions, difference, betweenSeeds, disagreement } = world;
  return Array.from({ length: seeds }, (_, seed) => {
    const own = difference + betweenSeeds * random.normal();
    const onlyFirstShare = (disagreement + own) / 2;
    let [onlyFirst, onlySecond] = [0, 0];
    for (let i = 0; i < questions; i++) {
      const draw = random.next();
      if (draw < onlyFirstShare) onlyFirst += 1;
      else if (draw < disagreement) onlySecond += 1;
    }
    const alike = questions - onlyFirst - onlySecond;
    const both = Math.floor(alike / 2);
    return { seed, both, onlyFirst, onlySecond, neither: alike - both };
  });
}
