/** What people write: experiments, profiles of clusters, arguments of the command. */
import { join } from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import { readSite } from "../../../kernel-lib/src/backends/slurm/site.js";
import { main } from "../../../kernel-lib/src/cli/index.js";
import { LabError } from "../../../kernel-lib/src/core/index.js";
import { parseLocated, presetByName, readConfigFile } from "../../../kernel-lib/src/experiments/index.js";
import { pretendingBackend } from "../../experiments/pretending-backend.js";
import { damagedBytes, damagedJson, damagedText, type Files } from "./damage.js";
import type { Surface } from "./surface.js";

const PRESETS = ["micro-math/quick", "gsm8k/main@paper", "saferpaca/human@paper"] as const;
const preset = fc.constantFrom(...PRESETS).map((name) => JSON.parse(JSON.stringify(presetByName(name))) as object);

const yamlLine = fc.constantFrom(
  ...[
    "extends: gsm8k/main",
    "profile: paper",
    "__proto__: { x: 1 }",
    "alpha: .nan",
    "alpha: 0x1p3",
    "<<: *a",
    "? [1]",
    "---",
  ],
  ...[
    "a: &a {b: *a}",
    "!!js/function 'x'",
    "!!binary AAAA",
    "rounds: !!set {a}",
    "arms: *none",
    "%YAML 9.9",
    "\t",
    "- - - -",
  ],
  ...[`x: &x [${"*x,".repeat(50)}]`, `deep: ${"[".repeat(5000)}`, `deep: ${"{a: ".repeat(3000)}`, "- ".repeat(3000)],
);

const config: fc.Arbitrary<Files> = fc.oneof(
  preset.chain((value) => damagedText(value)).map((text) => ({ "config.json": text })),
  preset
    .chain((value) => damagedJson({ extends: "micro-math/main", ...value }))
    .map((text) => ({ "config.yaml": text })),
  preset.chain((value) => damagedBytes(Buffer.from(stringify(value)))).map((text) => ({ "config.yaml": text })),
  fc.array(yamlLine, { maxLength: 6 }).map((lines) => ({ "config.yaml": lines.join("\n") })),
);

const site = {
  ...{ partition: "gpu", time: "4:00:00", gpus: 1, account: "a", sbatch: ["--exclusive"], maxJobs: 3 },
  ...{
    verbs: { sample: { gpus: 4, time: "1:00:00" } },
    trainer: { kind: "apptainer", image: "x.sif", setup: ["module load x"] },
  },
  ...{ environment: { A: "b" }, resources: { x: [1, { y: 2 }] }, planned: { time: 2, gpus: true } },
};

const COMMANDS = [
  ...["plan", "run", "results", "list", "verify", "explain", "gc", "status", "diff-preset", "export", "data", "report"],
  ...["notebook", "record", "images", "bases"],
] as const;
const WORDS = [
  ...COMMANDS,
  ...["onnx", "jobs", "micro-math/quick", "gsm8k/main", "nothing", "store", "--help"],
  ...[
    "--set",
    "--config",
    "--seeds",
    "--profile",
    "--out",
    "--dry-run",
    "--json",
    "--all",
    "--backend",
    "--workers",
    "--arm",
  ],
  ...[
    "alpha=0.3",
    "alpha=1e999",
    "arms.0.name=x",
    "__proto__.x=1",
    "arms[x].y=1",
    "a".repeat(5000),
    "\u001b[2J",
    "\ud800",
    "",
  ],
  ...[
    "0,1",
    "-1",
    "1e9",
    "99999999999999999999",
    "NaN",
    "--",
    "-",
    "../../..",
    "/etc/passwd",
    "\u0000",
    "config.json",
    "process",
  ],
] as const;
/** What they are called with; nothing that asks a network, starts servers or leaves the folder. */
const someWords = fc.array(
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom<string>(...WORDS) }, { weight: 1, arbitrary: fc.string() }),
  { maxLength: 6 },
);
const commandLine: fc.Arbitrary<Files> = fc
  .oneof(
    { weight: 1, arbitrary: someWords },
    {
      weight: 4,
      arbitrary: fc.tuple(fc.constantFrom<string>(...COMMANDS), someWords).map(([first, rest]) => [first, ...rest]),
    },
  )
  .filter((words) => !isLong(words))
  // In a project, where commands go on.
  .map((words) => ({ "argv.json": JSON.stringify(words), "results/none": "", "notebooks/none": "" }));

/** Commands that would do hours of honest work. */
function isLong([command, ...rest]: readonly string[]): boolean {
  if (command === "record" || command === "bases") return !rest.includes("--help");
  return (command === "run" || command === "verify") && rest.some((word) => /micro-math|gsm8k|results/.test(word));
}

async function runCommand(folder: string): Promise<unknown> {
  const { readFile } = await import("node:fs/promises");
  const argv = JSON.parse(await readFile(join(folder, "argv.json"), "utf8")) as string[];
  const streams = { out: "", err: "" };
  const keep = (name: "out" | "err") => ({
    write: (text: string) => {
      streams[name] += text;
    },
  });
  const surroundings = { cwd: folder, env: {}, openBackend: () => pretendingBackend() };
  const code = await main(argv, { stdout: keep("out"), stderr: keep("err"), ...surroundings });
  if (code === 0) return streams.out;
  const told = /error \[([a-z-]+)\]: ([\s\S]*)/.exec(streams.err);
  if (told === null) throw new Error(`exit code ${code} without a typed error: ${streams.err.slice(0, 300)}`);
  if (/[^\P{Cc}\n\t]/u.test(streams.err)) throw new Error("control characters reached the terminal");
  throw new LabError(told[1] as LabError["code"], told[2]!);
}

export const experiments: readonly Surface[] = [
  {
    name: "experiment configs (YAML and JSON)",
    mended: ["I1"],
    files: config,
    read: async (folder) => {
      const { existsSync } = await import("node:fs");
      const name = existsSync(join(folder, "config.json")) ? "config.json" : "config.yaml";
      const { input, locate } = await readConfigFile(join(folder, name));
      return parseLocated(input, locate);
    },
    tries: [60, 3000],
  },
  {
    name: "profiles of Slurm sites",
    mended: ["I12"],
    files: fc
      .oneof(
        damagedText(site),
        damagedBytes(Buffer.from(stringify(site))),
        fc.array(yamlLine, { maxLength: 5 }).map((lines) => lines.join("\n")),
      )
      .map((text) => ({ "site.yaml": text })),
    read: (folder) => readSite(join(folder, "site.yaml")),
    tries: [60, 3000],
  },
  { name: "arguments of the command", files: commandLine, read: runCommand, tries: [40, 1500] },
];
