import { resolve } from "node:path";
import type { Command } from "commander";
import { type ExportedModel, exportOnnx } from "../../engine/index.js";
import { checkpointOf, findModel, originOf } from "../../results/index.js";
import { about } from "../about.js";
import { openProject, print, wholeNumber } from "../context.js";
import type { CliContext } from "../surroundings.js";
import { alignedTable } from "../table.js";

interface ExportOptions {
  readonly arm?: string;
  readonly round?: string;
  readonly seed?: string;
  readonly out: string;
}

export function registerExport(program: Command, context: CliContext): void {
  program
    .command("export")
    .description(about.export)
    .command("onnx")
    .description(
      "as ONNX with a key-value cache, in the layout of Optimum: for onnxruntime, and for Transformers.js in a browser",
    )
    .argument("<model>", "a run (with --arm), a base such as micro-math-strong-0, or a folder with a checkpoint")
    .option("--arm <name>", 'which model of a run, such as "ILR (oracle)"')
    .option("--round <n>", "after which round (default: the last)")
    .option("--seed <n>", "of which seed (default: the run's first)")
    .requiredOption("--out <folder>", "where to; must not exist yet")
    .action(async (spec: string, options: ExportOptions) => {
      const { folder, files } = await exportModel(context, spec, options);
      const rows = files.map(({ path, size, sha256 }) => [path, String(size), sha256.slice(0, 16)]);
      print(context, `${folder}\n`);
      print(context, alignedTable([["path", "bytes", "sha256"], ...rows], [1]));
    });
}

async function exportModel(
  context: CliContext,
  spec: string,
  { arm, round, seed, out }: ExportOptions,
): Promise<ExportedModel> {
  const { content, ...project } = await openProject(context);
  const number = (option: string, text: string | undefined): number | undefined =>
    text === undefined ? undefined : wholeNumber(option, text, 0);
  const choice = { ...(arm !== undefined && { arm }), round: number("--round", round), seed: number("--seed", seed) };
  const store = async () => content;
  const found = await findModel(spec, choice, { project, store });
  return exportOnnx(await checkpointOf(found, store), resolve(context.cwd, out), { ...originOf(found) });
}
