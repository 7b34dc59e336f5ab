/** What it takes to run an experiment, read off its config. */
import { LabError } from "../../core/index.js";
import type { HubBase } from "./models.js";
import type { Experiment } from "./schema.js";

export interface Requirements {
  /** Models of the Hub, larger first; none: the base models are the kit's own and the embedded engine runs everything. */
  readonly hub: readonly HubBase[];
  /** Least memory for the weights of the largest of them in bfloat16, in bytes. Gradients, optimizer and activations come on top. */
  readonly weightBytes: number;
  /** Variables that must hold keys of servers: judge, embeddings. */
  readonly keys: readonly string[];
  /** People give demonstrations or compare answers. */
  readonly people: boolean;
}

/**
 * What an experiment needs besides its data.
 *
 * @example
 * requirementsOf(parseExperiment(presetByName("gsm8k/main", "paper"))).weightBytes; // 2 bytes a parameter of Mistral 7B
 */
export function requirementsOf(experiment: Experiment): Requirements {
  const { bases, arms, judge, embedding, demonstrations } = experiment;
  const hub = [bases.strong, bases.weak]
    .filter((base): base is HubBase => "hub" in base)
    .sort((x, y) => y.parameters - x.parameters);
  const keys = [judge, embedding].flatMap((endpoint) => (endpoint ? [endpoint.apiKeyVariable] : []));
  const people = demonstrations === "human" || arms.some(({ comparisons }) => comparisons === "human");
  return { hub, weightBytes: 2 * (hub[0]?.parameters ?? 0), keys: [...new Set(keys)], people };
}

/**
 * Refuses what cannot be run, before anything is planned or computed.
 *
 * @param backend who would run the steps, by name.
 * @param asked whether there is somebody to compare answers: a person, a session of theirs, or a simulated one.
 * @throws LabError `unsupported` for demonstrations by people, and for models of the Hub on the embedded engine; `input-missing` where people
 *   should compare and there are none.
 */
export function assertRunnable(experiment: Experiment, backend: string, asked = false): void {
  const { people, hub } = requirementsOf(experiment);
  if (experiment.demonstrations === "human") throw noDemonstrations(experiment);
  if (people && !asked) throw nobodyToAsk(experiment);
  if (hub[0] !== undefined && backend === "embedded") {
    throw new LabError(
      "unsupported",
      `${experiment.name} trains ${hub[0].hub.repo}, which the embedded engine cannot`,
      {
        hint: "use --backend docker or --backend process on a machine with a GPU; ilr plan says what it takes",
      },
    );
  }
}

/** What a run says that asks people for answers of their own. */
export function noDemonstrations({ name }: Experiment): LabError {
  return new LabError("unsupported", `${name} asks people for demonstrations, which the kit cannot do`, {
    hint: 'it is here as data: ilr plan NAME --config prints it; with demonstrations "weak" people can still compare answers',
  });
}

/** What a run says whose comparisons nobody is there to make. */
export function nobodyToAsk({ name }: Experiment): LabError {
  return new LabError("input-missing", `${name} asks people for comparisons, and nobody is there to be asked`, {
    hint: `ilr human ${name} --session FILE asks you; ilr run ${name} --session FILE uses what was answered; --simulate accuracy=0.8 makes somebody up`,
  });
}
