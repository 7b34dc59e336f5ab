import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { LabError } from "../../core/index.js";
import { checkFiles, type Hub, openHub, type Publication, publish } from "../../hub/index.js";
import { about } from "../about.js";
import { openProject, print } from "../context.js";
import { interruptible } from "../interrupt.js";
import { KINDS, type Kind, publicationsOf } from "../publication.js";
import type { CliContext } from "../surroundings.js";
import { alignedTable } from "../table.js";

interface PublishOptions {
  readonly to: string;
  readonly kind: readonly string[];
  readonly execute?: boolean;
  readonly private?: boolean;
  readonly license?: string;
  readonly mirror?: string;
}

export function registerPublish(program: Command, context: CliContext): void {
  program
    .command("publish")
    .description(about.publish)
    .argument("<run>", "a folder with a recorded run, or the name of an experiment in results/ or out/")
    .requiredOption("--to <owner/name>", "the repository; models go to a model, the rest to a dataset of that name")
    .option("--kind <kind>", `what to publish: ${KINDS.join(", ")}; may be repeated (default: all)`, collect, [])
    .option("--execute", "push (needs HF_TOKEN)")
    .option("--private", "make the repository private if it is new")
    .option("--license <id>", "licence as the Hub names it (default: mit for runs of the kit's own models and data)")
    .option("--mirror <url>", "another address of the Hub (default: HF_ENDPOINT, else huggingface.co)")
    .action((run: string, options: PublishOptions) => publishRun(context, run, options));
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

async function publishRun(context: CliContext, run: string, options: PublishOptions): Promise<void> {
  const kinds = options.kind.length === 0 ? KINDS : options.kind.map(kindNamed);
  if (!/^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(options.to)) {
    throw new LabError("config-invalid", `--to is ${JSON.stringify(options.to)}; expected owner/name`);
  }
  const { root, results, content: store } = await openProject(context);
  const folder = runFolder(run, [context.cwd, results, join(root, "out")]);
  const say = (line: string): void => void context.stderr.write(`${line}\n`);
  await interruptible(
    () => say("stopping; what was sent is kept, and the same command goes on from there"),
    async (signal) => {
      const hub = openHub({ endpoint: options.mirror, env: context.env, signal, onRetry: say });
      const publications = await publicationsOf({
        ...{ folder, store, kinds, to: options.to, private: options.private ?? false, licence: options.license },
      });
      for (const publication of publications) await describe(context, hub, publication);
      if (options.execute !== true) return print(context, "nothing was sent; --execute pushes it");
      for (const publication of publications) await push(context, hub, publication);
    },
  );
}

async function describe(context: CliContext, hub: Hub, publication: Publication): Promise<void> {
  const { repository, files } = publication;
  const checked = await checkFiles(hub, publication);
  const rows = checked.map(({ path, size, sha256 }) => [path, String(size), sha256.slice(0, 16)]);
  const bytes = checked.reduce((sum, { size }) => sum + size, 0);
  print(context, `${repository.type} ${repository.name}: ${files.length} files, ${bytes} bytes\n`);
  print(context, alignedTable([["path", "bytes", "sha256"], ...rows], [1]));
  const card = files.find(({ path }) => path === "README.md")!.content;
  print(context, `\nREADME.md of ${repository.type} ${repository.name}:\n`);
  print(context, "text" in card ? card.text : "");
}

async function push(context: CliContext, hub: Hub, publication: Publication): Promise<void> {
  const done = new Set<string>();
  const { page, sent, kept, commit } = await publish(hub, publication, {
    onProgress: (path, share) => {
      if (share < 1 || done.has(path)) return;
      done.add(path);
      context.stderr.write(`sent ${path}\n`);
    },
  });
  const what = commit === undefined ? "nothing new" : `${sent.length} files sent, commit ${commit}`;
  print(context, `${page}: ${what}; ${kept.length} files were there already`);
}

function kindNamed(name: string): Kind {
  const found = KINDS.find((kind) => kind === name);
  if (found !== undefined) return found;
  throw new LabError("config-invalid", `--kind is ${JSON.stringify(name)}; expected ${KINDS.join(", ")}`);
}

function runFolder(run: string, roots: readonly string[]): string {
  const found = roots.map((root) => resolve(root, run)).find((folder) => existsSync(join(folder, "provenance.json")));
  if (found !== undefined) return found;
  throw new LabError("input-missing", `there is no recorded run ${JSON.stringify(run)}`, {
    hint: "give its folder, or the experiment's name; `ilr results` lists the runs",
  });
}
