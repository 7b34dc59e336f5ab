import { readFile } from "node:fs/promises";
import { z } from "zod";
import { LabError, nearestName } from "../../core/index.js";
import { VERBS } from "../../steps/index.js";
import { seconds } from "./time-limit.js";

/** What a profile may not hand to sbatch, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  dependency: "steps wait for their inputs here: Slurm starts a job whose `afterok` names a job that it has forgotten",
  output: "jobs write into their step's folder",
  error: "jobs write into their step's folder",
  chdir: "Slurm accepts folders that do not exist, and jobs then run elsewhere or fail",
  array: "arrays are made where steps are ready together",
  "job-name": "jobs are found again by their names",
  wrap: "a job's script is the kit's",
  requeue: "it is a field of its own: `requeue: true`",
};

const time = z.string().refine((text) => seconds(text) !== undefined, "expected a time such as 4:00:00 or 1-12:00:00");
const memory = z.string().regex(/^\d+[KMGT]?$/, "expected memory such as 64G");
const words = z.array(z.string());

const needs = {
  partition: z.string().optional(),
  /** At most; a job that takes longer is ended by Slurm. */
  time: time.optional(),
  memory: memory.optional(),
  cpus: z.int().positive().optional(),
  gpus: z.int().nonnegative().optional(),
  constraint: z.string().optional(),
};

const trainerSchema = z
  .strictObject({
    kind: z.enum(["plain", "apptainer", "pyxis"]).default("plain"),
    /** The trainer's command: on the nodes, or inside the image. */
    command: words.min(1).optional(),
    /** File of the image, or its name with a digest. */
    image: z.string().min(1).optional(),
    /** Lines of the job's script before the trainer, such as `module load cuda`. */
    setup: words.default([]),
    /** Words that stand before the trainer's command, such as `["srun"]`. */
    launcher: words.default([]),
    /** Folders that containers see besides their step, as `outside:inside`. */
    mounts: words.default([]),
    /** The trainer's identity, where it cannot be asked on this machine. */
    identity: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "expected a sha256 in hex")
      .optional(),
  })
  .refine(({ kind, image }) => (kind === "plain") === (image === undefined), {
    message: "containers need an image, plain processes have none",
    path: ["image"],
  });

const siteSchema = z.strictObject({
  ...needs,
  account: z.string().optional(),
  qos: z.string().optional(),
  /** Type of GPU, as in `--gres=gpu:a100:4`. */
  gpuType: z.string().optional(),
  /** More options of sbatch, such as `--exclusive`. */
  sbatch: words.default([]).superRefine((options, context) => {
    for (const option of options) {
      const name = /^--?([a-z-]+)/.exec(option)?.[1] ?? "";
      const short = { d: "dependency", o: "output", e: "error", D: "chdir", a: "array", J: "job-name" };
      const why = REFUSED[name] ?? REFUSED[short[/^-(\w)(?!\w*-)/.exec(option)?.[1] as keyof typeof short] ?? ""];
      if (why !== undefined) context.addIssue({ code: "custom", message: `${option} is not for profiles: ${why}` });
    }
  }),
  /** What single verbs need instead. */
  verbs: z.partialRecord(z.enum(VERBS), z.strictObject(needs)).default({}),
  trainer: trainerSchema.default({ kind: "plain", setup: [], launcher: [], mounts: [] }),
  /** Variables of the jobs. */
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
  /** Goes to the trainer as `resources.json`; `gpus` is added. */
  resources: z.record(z.string(), z.json()).default({}),
  /** Shorter time limits and more GPUs where the plan says so; see `docs/slurm.md`. */
  planned: z
    .strictObject({ time: z.number().positive().optional(), gpus: z.boolean().default(false) })
    .default({ gpus: false }),
  /** Jobs in flight, waiting and running together. */
  maxJobs: z.int().positive().default(20),
  /** How often a step whose job was lost (a node died, it was preempted) is submitted again. */
  resubmissions: z.int().nonnegative().default(3),
  /** Leave it to Slurm to run a preempted job again: it keeps its age, and waits two minutes. */
  requeue: z.boolean().default(false),
  /** Steps that are ready at the same time with the same needs become one array; false where a site has none. */
  arrays: z.boolean().default(true),
});

/** How a cluster is used: read from YAML, every default filled in. */
export type Site = z.output<typeof siteSchema>;
/** As people write it. */
export type SiteInput = z.input<typeof siteSchema>;
/** What one job asks for. */
export type Needs = Pick<Site, keyof typeof needs>;

/**
 * A site's profile, checked.
 *
 * @param source named in errors.
 * @throws LabError `config-invalid` naming the field.
 * @example
 * parseSite({ partition: "gpu", time: "4:00:00", gpus: 1, verbs: { sample: { gpus: 4 } } });
 */
export function parseSite(input: unknown, source = "the site profile"): Site {
  const parsed = siteSchema.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const field = issue.path.join(".");
  const wrong = issue.code === "unrecognized_keys" ? issue.keys[0]! : undefined;
  // Single verbs have fewer fields, and their own names.
  const known = field === "" ? Object.keys(siteSchema.shape) : field === "verbs" ? VERBS : Object.keys(needs);
  const near = wrong === undefined ? undefined : nearestName(wrong, known);
  const where = field === "" ? "" : `${field}: `;
  throw new LabError("config-invalid", `${source}: ${where}${issue.message}`, {
    hint: near === undefined ? "docs/slurm.md has every field" : `did you mean ${JSON.stringify(near)}?`,
  });
}

/** A profile from a YAML file. @throws LabError `input-missing`, `config-invalid`. */
export async function readSite(path: string): Promise<Site> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new LabError("input-missing", `the site profile ${path} cannot be read`, {
      hint: "name one with --site or ILR_SITE; docs/slurm.md shows how it looks",
      cause,
    });
  });
  const { parse } = await import("yaml");
  let input: unknown;
  try {
    // Without its warnings, which would show what the profile holds.
    input = parse(text, { logLevel: "error" });
  } catch (cause) {
    const line = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new LabError("config-invalid", `${path} is not YAML: ${line}`, { cause });
  }
  return parseSite(input, path);
}
