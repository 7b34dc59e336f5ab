import { digestOf } from "../../core/index.js";
import type { Artifact, Inputs } from "../../steps/index.js";
import type { ModelSize } from "./model-size.js";

export type Outputs = Readonly<Record<string, Artifact>>;

/** What is noted of the outputs of a step or a derivation. */
export interface Entry {
  readonly id: string;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  /** How long after the last input they are there. */
  readonly seconds: number;
  /** Size of models among them. */
  readonly size?: ModelSize | undefined;
  /** Names of outputs that only measurements use. */
  readonly measured: readonly string[];
}

/** Names of artifacts, known or not, how large models are, what serves measurement only, and when all this would be there. */
export interface Ledger {
  /** Reference of a known artifact; of another, where it will come from. */
  namesOf(inputs: Inputs): Readonly<Record<string, string>>;
  sizeOf(artifact: Artifact): ModelSize | undefined;
  isMeasured(artifact: Artifact): boolean;
  enter(entry: Entry): Outputs;
  /** When the outputs of a step or derivation would be there, in seconds. */
  endOf(id: string): number;
}

export function createLedger(): Ledger {
  const names = new Map<Artifact, string>();
  const times = new Map<Artifact, number>();
  const sizes = new Map<Artifact, ModelSize>();
  const measured = new Set<Artifact>();
  const ends = new Map<string, number>();
  return {
    namesOf: (inputs) =>
      Object.fromEntries(
        Object.entries(inputs).map(([name, artifact]) => [
          name,
          artifact.ref ?? names.get(artifact) ?? strangerName(artifact),
        ]),
      ),
    sizeOf: (artifact) => sizes.get(artifact),
    isMeasured: (artifact) => measured.has(artifact),
    enter: ({ id, inputs, outputs, seconds, size, measured: reported }) => {
      const start = Math.max(0, ...Object.values(inputs).map((artifact) => times.get(artifact) ?? 0));
      for (const [name, artifact] of Object.entries(outputs)) {
        names.set(artifact, `${id}/${name}`);
        times.set(artifact, start + seconds);
        if (size) sizes.set(artifact, size);
        if (reported.includes(name)) measured.add(artifact);
      }
      ends.set(id, start + seconds);
      return outputs;
    },
    endOf: (id) => ends.get(id) ?? 0,
  };
}

/** An artifact from outside without a reference, such as a model of the Hub that nobody has looked up: equal facts, equal name. */
function strangerName({ rows, parameters, madeBy }: Artifact): string {
  return `unknown/${digestOf({ rows: rows ?? null, parameters: parameters ?? null, madeBy: madeBy ?? null })}`;
}
