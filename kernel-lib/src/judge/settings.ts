/** How a server is reached and what it may cost. Nothing here is secret: the key stays in the environment. */
import { z } from "zod";
import { LabError, nearestName } from "../core/index.js";

const positive = z.number().positive();
const whole = z.int().positive();

/** Settings of an OpenAI-compatible server, as a config may hold them. */
export const serverSettings = z.strictObject({
  /** Up to and including the version, such as "http://127.0.0.1:8000/v1". */
  baseUrl: z.string().default("https://api.openai.com/v1"),
  /** Name of the environment variable that holds the key. A server without keys needs none. */
  apiKeyVariable: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the NAME of an environment variable, never a key")
    .default("OPENAI_API_KEY"),
  maxConcurrent: whole.max(1024).default(8),
  requestsPerMinute: positive.optional(),
  /** Of one attempt, from the first byte sent to the last byte read. */
  timeoutMs: positive.default(120_000),
  /** Attempts after the first one, where the failure may pass. */
  retries: z.int().min(0).default(6),
  /** What one opening of the server may spend; answers that are known already cost nothing. */
  budget: z
    .strictObject({ calls: whole.optional(), tokens: positive.optional(), usd: positive.optional() })
    .default({}),
  /** US dollars for a million tokens, as the user's contract says; the kit knows no prices. */
  prices: z.strictObject({ input: z.number().min(0), output: z.number().min(0) }).optional(),
});

export type ServerSettings = z.output<typeof serverSettings>;

/** Settings of a judge: a server and the model that it is asked for. */
export const judgeSettings = serverSettings.extend({
  model: z.string().min(1),
  /** Alternatives asked for at each token. OpenAI's most is 20; some servers allow no more than 5, as the paper's code asks for. */
  topLogprobs: z.int().min(2).max(20).default(20),
});

/** Settings of an embedding endpoint. */
export const embeddingSettings = serverSettings.extend({
  model: z.string().min(1),
  /** Shorter vectors, where the model can (OpenAI's `dimensions`). */
  dimensions: whole.optional(),
  /** Texts in one request. */
  batchSize: whole.max(2048).default(64),
});

/**
 * Settings with their defaults.
 *
 * @throws LabError `config-invalid`, naming the field; never its value, should somebody have written a key there.
 */
export function parseSettings<S extends typeof serverSettings>(schema: S, input: z.input<S>): z.output<S> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw invalid(parsed.error.issues[0]!, Object.keys(schema.shape));
  const { baseUrl, budget, prices } = parsed.data;
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new LabError("config-invalid", "baseUrl is not an http(s) address", {
      hint: "such as http://127.0.0.1:8000/v1",
    });
  }
  if (url.username !== "" || url.password !== "" || url.search !== "") {
    throw new LabError("config-invalid", "baseUrl holds credentials or a query; expected an address only", {
      hint: "put the key into an environment variable and name it in apiKeyVariable",
    });
  }
  if (budget.usd !== undefined && prices === undefined) {
    throw new LabError("config-invalid", "budget.usd is set but prices is not", {
      hint: "prices: { input, output } in US dollars for a million tokens",
    });
  }
  return parsed.data;
}

function invalid(issue: z.core.$ZodIssue, fields: readonly string[]): LabError {
  const field = issue.path.join(".") || "settings";
  if (issue.code !== "unrecognized_keys") return new LabError("config-invalid", `${field}: ${issue.message}`);
  const [unknown = ""] = issue.keys;
  const near = nearestName(unknown, fields);
  return new LabError("config-invalid", `${field}: there is no setting ${JSON.stringify(unknown)}`, {
    hint: near === undefined ? `settings: ${fields.join(", ")}` : `did you mean ${near}?`,
  });
}
