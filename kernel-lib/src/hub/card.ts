/** The README of a published repository: where everything in it comes from, and what it is (not) for. */

export interface CardFacts {
  readonly kind: "model" | "dataset";
  readonly experiment: {
    readonly name: string;
    readonly title: string;
    readonly task: string;
    readonly seeds: readonly number[];
  };
  /** Licence as the Hub names it, such as `mit`. */
  readonly licence: string;
  /** Names to what is known of each base model: its digest, or repository and commit. */
  readonly bases: readonly { readonly name: string; readonly hub?: string; readonly digest?: string }[];
  /** What the data was: generated, or a data set and its digest. */
  readonly data: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly backend: string;
  readonly machine: string;
  readonly ended: string;
  /** Markdown, computed from the record. */
  readonly results: string;
  /** Folders or files, what each is, and the key of the step that made it. */
  readonly contents: readonly { readonly path: string; readonly what: string; readonly key?: string | undefined }[];
}

const PAPER = [
  "Ye, Laidlaw, Steinhardt: Iterative Label Refinement Matters More than Preference Optimization",
  "under Weak Supervision (ICLR 2025)",
].join(" ");

const INTENDED_USE: Readonly<Record<CardFacts["kind"], readonly string[]>> = {
  model: [
    "Research on training under weak supervision: to check, compare and extend the experiment above.",
    "The models were trained, on purpose, on labels with errors; they are not for answering anybody's questions.",
  ],
  dataset: [
    "Research on training under weak supervision: to see which labels a method replaced, rightly or wrongly.",
    "The labels contain errors on purpose; they are not a training set for products.",
  ],
};

/**
 * The card as Markdown with the metadata block that the Hub reads.
 *
 * @example
 * cardOf(facts).startsWith("---\nlicense: "); // true
 */
export function cardOf(facts: CardFacts): string {
  const { kind, experiment } = facts;
  const what = kind === "model" ? "Models" : "Labels and records";
  return [
    metadata(facts),
    `# ${what} of ${plain(experiment.name)}`,
    plain(experiment.title),
    `Made by ilr-lab, a kit that re-runs the experiments of ${PAPER}. These are its own runs, not the authors' artifacts.`,
    "## Results",
    facts.results,
    "Computed from the recorded points of this run, question by question.",
    "## Where it comes from",
    origin(facts),
    "## Contents",
    contentsTable(facts),
    "## Intended use",
    INTENDED_USE[kind].join(" "),
    "## Licence",
    `${plain(facts.licence)}, as stated by who published this. Base models and data keep their own licences, ` +
      "which bind whoever uses what was made from them.",
  ]
    .join("\n\n")
    .concat("\n");
}

function origin({ experiment, data, bases, versions, backend, machine, ended }: CardFacts): string {
  const software = Object.entries(versions).map(([name, version]) => `${plain(name)} ${plain(version)}`);
  return [
    `- **experiment** \`${plain(experiment.name)}\`, seeds ${experiment.seeds.join(", ")}`,
    `- **data** ${plain(data)}`,
    ...bases.map(
      ({ name, hub, digest }) => `- **base model** ${plain(name)}: \`${plain(hub ?? digest ?? "unknown")}\``,
    ),
    `- **versions** ${software.join(", ")}`,
    `- **trained by** ${plain(backend)} on ${plain(machine)}, finished ${ended}`,
  ].join("\n");
}

function metadata({ kind, licence, bases }: CardFacts): string {
  const onHub = bases.flatMap(({ hub }) => (hub === undefined ? [] : [hub.split("@")[0]!]));
  return [
    "---",
    `license: ${JSON.stringify(licence)}`,
    'tags: ["ilr-lab", "weak-supervision"]',
    ...(kind === "model" ? ["library_name: transformers", "pipeline_tag: text-generation"] : []),
    ...(kind === "model" && onHub.length > 0 ? [`base_model: ${JSON.stringify([...new Set(onHub)])}`] : []),
    "---",
  ].join("\n");
}

function contentsTable({ contents }: CardFacts): string {
  const rows = contents.map(
    ({ path, what, key }) => `| \`${plain(path)}\` | ${plain(what)} | ${key ? `\`${key}\`` : ""} |`,
  );
  return ["| path | what | key of the step |", "|---|---|---|", ...rows].join("\n");
}

/** Text that cannot become markup: names of arms and experiments are the user's. */
function plain(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[<>|`[\]]/g, (character) => `&#${character.charCodeAt(0)};`);
}
