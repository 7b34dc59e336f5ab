import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { buildEmbeddedImage, type ImageSource, listImages, openEngine, sourceDigest } from "../../backends/index.js";
import { LabError } from "../../core/index.js";
import { findProject } from "../../experiments/index.js";
import { formatCount, formatSeconds } from "../../notebook/index.js";
import { about } from "../about.js";
import { print } from "../context.js";
import type { CliContext } from "../surroundings.js";
import { alignedTable } from "../table.js";

interface BuildFlags {
  readonly base?: string;
  readonly tag?: string;
}

/** `ilr images`: the images that steps run in. */
export function registerImages(program: Command, context: CliContext): void {
  const images = program.command("images").description(about.images);
  images
    .command("list", { isDefault: true })
    .description("list what is built, and whether it is of this checkout's code")
    .action(() => list(context));
  images
    .command("build")
    .description("build the image of the embedded engine from this checkout")
    .argument("<name>", "embedded")
    .option("--base <image>", "build on this image, by its digest, instead of the pinned one; it needs Node and glibc")
    .option("--tag <name>", "name of the result (default: ilr-lab/embedded:latest)")
    .action((name: string, flags: BuildFlags) => build(context, name, flags));
}

function sourceOf(context: CliContext): ImageSource {
  const packageFolder = dirname(fileURLToPath(new URL("../..", import.meta.url)));
  return { packageFolder, root: findProject(context.cwd).root };
}

async function list(context: CliContext): Promise<void> {
  const images = await listImages(await openEngine());
  if (images.length === 0) return print(context, "no images; `ilr images build embedded` builds one");
  const current = currentDigest(context);
  const rows = images.map(({ id, tags, bytes, createdAt, source }) => [
    tags[0] ?? "<none>",
    id.replace("sha256:", "").slice(0, 12),
    `${formatCount(bytes)}B`,
    formatSeconds((Date.now() - createdAt) / 1000),
    current === undefined ? "not built" : source === current ? "this code" : "other code",
  ]);
  print(context, alignedTable([["image", "id", "size", "age", "source"], ...rows], [2, 3]));
}

/** Undefined if there is nothing compiled to compare with. */
function currentDigest(context: CliContext): string | undefined {
  try {
    return sourceDigest(sourceOf(context));
  } catch {
    return undefined;
  }
}

async function build(context: CliContext, name: string, { base, tag }: BuildFlags): Promise<void> {
  if (name !== "embedded") {
    throw new LabError("name-unknown", `there is no image ${JSON.stringify(name)} to build`, {
      hint: "known: embedded",
    });
  }
  assertDigest(base);
  const source = sourceOf(context);
  const image = await buildEmbeddedImage(await openEngine(), {
    source,
    dockerfile: join(source.root, "containers", "embedded", "Dockerfile"),
    ...(base === undefined ? {} : { base }),
    ...(tag === undefined ? {} : { tag }),
    onLine: (line) => void context.stderr.write(`${line}\n`),
  });
  print(context, `${image.name}  ${image.id}`);
}

/** A name may be another image tomorrow; a digest, or the ID of an image that the engine has, is not. */
function assertDigest(base: string | undefined): void {
  if (base === undefined || /(^|@)sha256:[0-9a-f]{64}$/.test(base)) return;
  throw new LabError("config-invalid", `--base ${base} names no digest`, {
    hint: `expected <image>@sha256:..., or the ID of an image that the engine has: docker image inspect --format '{{.Id}}' ${base}`,
  });
}
