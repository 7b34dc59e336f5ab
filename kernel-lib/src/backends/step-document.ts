import { LabError, nearestName, shown } from "../core/index.js";
import {
  type ArtifactRef,
  CONTRACT,
  type Inputs,
  type Params,
  paramsSchemas,
  type Step,
  VERBS,
  type Verb,
} from "../steps/index.js";

/** Names of the inputs of each verb (steps/schema.ts says what they hold). Where `model` is an adapter, `base` is the model under it. */
const inputNames: Readonly<
  Record<Verb, { readonly required: readonly string[]; readonly optional: readonly string[] }>
> = {
  pretrain: { required: ["corpus", "tokenizer"], optional: [] },
  sft: { required: ["model", "demonstrations"], optional: ["base"] },
  dpo: { required: ["model", "pairs"], optional: ["reference", "base"] },
  evaluator: { required: ["model", "train", "validation"], optional: [] },
  sample: { required: ["model", "prompts"], optional: ["base"] },
  score: { required: ["model", "rows"], optional: ["base"] },
};

/**
 * The complete step document: parameters checked and every default filled in, inputs by digest.
 * @throws LabError `step-invalid` naming the field, what was got and what is allowed; `input-missing` for an input without content.
 */
export function stepDocument<V extends Verb>(verb: V, params: unknown, inputs: Inputs, seed: number): Step<V> {
  if (!VERBS.includes(verb)) {
    throw new LabError("step-invalid", `${shown(verb)} is not a verb; expected one of ${VERBS.join(", ")}`, {
      hint: didYouMean(typeof verb === "string" ? verb : "", VERBS),
    });
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new LabError("step-invalid", `${verb}: seed is ${shown(seed)}; expected a whole number from 0`);
  }
  assertInputNames(verb, Object.keys(inputs));
  return { verb, contract: CONTRACT, params: parseParams(verb, params), inputs: referencesOf(verb, inputs), seed };
}

/** @throws LabError `input-missing` if an input has no content yet, as in a plan. */
export function referencesOf(what: string, inputs: Inputs): Readonly<Record<string, ArtifactRef>> {
  const references = Object.entries(inputs).map(([name, artifact]): readonly [string, ArtifactRef] => {
    if (artifact.ref !== undefined) return [name, artifact.ref];
    throw new LabError("input-missing", `${what}: input "${name}" has no content yet`, {
      hint: "artifacts of a plan cannot be used to run a step",
    });
  });
  return Object.fromEntries(references);
}

function parseParams<V extends Verb>(verb: V, params: unknown): Params<V> {
  const schema = paramsSchemas[verb];
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data as Params<V>;
  const problems = parsed.error.issues.map(({ path, message, ...issue }) => {
    const field = path.join(".");
    if (issue.code === "unrecognized_keys") return `${field === "" ? "" : `${field}: `}${message}`;
    return `${field === "" ? "params" : field} is ${valueAt(params, path) === undefined ? "absent" : shown(valueAt(params, path))}: ${message}`;
  });
  const unknown = parsed.error.issues.flatMap((issue) => (issue.code === "unrecognized_keys" ? issue.keys : []));
  const allowed = Object.keys(schema.shape);
  const hint =
    unknown[0] === undefined ? `parameters of ${verb}: ${allowed.join(", ")}` : didYouMean(unknown[0], allowed);
  throw new LabError("step-invalid", `${verb}: ${problems.join("; ")}`, { hint });
}

function assertInputNames(verb: Verb, names: readonly string[]): void {
  const { required, optional } = inputNames[verb];
  const allowed = [...required, ...optional];
  const missing = required.filter((name) => !names.includes(name));
  const unknown = names.filter((name) => !allowed.includes(name));
  if (missing.length === 0 && unknown.length === 0) return;
  const problem = missing.length > 0 ? `lacks input "${missing[0]}"` : `has no input "${unknown[0]}"`;
  throw new LabError("step-invalid", `${verb} ${problem}`, {
    hint: `inputs of ${verb}: ${required.join(", ")}${optional.length > 0 ? `, and optionally ${optional.join(", ")}` : ""}`,
  });
}

function didYouMean(word: string, names: readonly string[]): string {
  const nearest = nearestName(word, names);
  return nearest === undefined ? `expected one of ${names.join(", ")}` : `did you mean ${shown(nearest)}?`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    found = typeof found === "object" && found !== null ? (found as Record<PropertyKey, unknown>)[key] : undefined;
  }
  return found;
}
