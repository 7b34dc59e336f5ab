import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { z } from "zod";
import { LabError } from "../core/index.js";
import { svgToPng } from "../figures/index.js";
import { kernelArguments } from "./kernel-process.js";

/** The name under which Jupyter knows the kernel, and the one that people see. */
export const kernelName = "ilr-lab-typescript";
export const kernelDisplayName = "TypeScript (ilr-lab)";

/** What Jupyter needs to start a kernel: https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs */
const kernelspecSchema = z.object({
  argv: z.array(z.string()).min(1),
  display_name: z.string(),
  language: z.string(),
  interrupt_mode: z.enum(["signal", "message"]).optional(),
});

export type Kernelspec = z.infer<typeof kernelspecSchema>;

/** The kernelspec of this installation. */
export function ownKernelspec(): Kernelspec {
  return {
    // The path of this very Node: Jupyter may be started where another one, or none, comes first in PATH.
    argv: [process.execPath, ...kernelArguments("{connection_file}")],
    display_name: kernelDisplayName,
    language: "typescript",
    // A signal does not reach a loop after an `await`; the kernel's guard thread, which gets the message, does.
    interrupt_mode: "message",
  };
}

/** Jupyter's folder for the data of one user. `JUPYTER_DATA_DIR` overrides. */
export function userDataFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR;
  const home = env.HOME ?? homedir();
  if (platform === "darwin") return join(home, "Library", "Jupyter");
  if (platform === "win32") return join(env.APPDATA ?? join(home, "AppData", "Roaming"), "jupyter");
  return join(env.XDG_DATA_HOME || join(home, ".local", "share"), "jupyter");
}

/** Folders in which Jupyter looks for `kernels/`, nearest first, as far as this can be told without asking Jupyter. */
export function dataFolders(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const listed = (env.JUPYTER_PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const environment = env.VIRTUAL_ENV || env.CONDA_PREFIX;
  return [
    ...listed,
    userDataFolder(env),
    ...(environment ? [join(environment, "share", "jupyter")] : []),
    ...(process.platform === "win32" ? [] : ["/usr/local/share/jupyter", "/usr/share/jupyter"]),
  ];
}

/**
 * Writes the kernelspec "TypeScript (ilr-lab)" into a data folder of Jupyter's, in place of an older one.
 *
 * @param folder such as `userDataFolder()`, or `<prefix>/share/jupyter`.
 * @returns the kernelspec's folder.
 * @throws LabError `store-unwritable`.
 * @example
 * await installKernelspec(userDataFolder());
 */
export async function installKernelspec(folder: string): Promise<string> {
  const place = join(folder, "kernels", kernelName);
  const draft = `${place}.${process.pid}`;
  try {
    await mkdir(draft, { recursive: true });
    await writeFile(join(draft, "kernel.json"), `${JSON.stringify(ownKernelspec(), null, 2)}\n`);
    await writeFile(join(draft, "logo-svg.svg"), logo);
    for (const size of [32, 64]) {
      await writeFile(join(draft, `logo-${size}x${size}.png`), svgToPng(logo, size / 64).bytes);
    }
    await rm(place, { recursive: true, force: true });
    await rename(draft, place);
  } catch (cause) {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
    throw new LabError("store-unwritable", `cannot write the kernelspec ${place}: ${(cause as Error).message}`, {
      hint: "choose a folder of yours with --prefix, or --user for your home folder",
      cause,
    });
  }
  return place;
}

/** A kernelspec of ours that Jupyter may find, and what keeps it from working. */
export interface InstalledKernelspec {
  readonly folder: string;
  /** Undefined when it starts this installation's kernel. */
  readonly fault: string | undefined;
}

/** Kernelspecs of our name in the given data folders, nearest first. */
export async function findKernelspecs(folders: readonly string[]): Promise<readonly InstalledKernelspec[]> {
  const places = folders.map((folder) => join(folder, "kernels", kernelName)).filter((place) => existsSync(place));
  return Promise.all(places.map(async (folder) => ({ folder, fault: await faultOf(join(folder, "kernel.json")) })));
}

async function faultOf(path: string): Promise<string | undefined> {
  let spec: Kernelspec;
  try {
    spec = kernelspecSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    return `cannot be read: ${(error as Error).message.split("\n")[0]}`;
  }
  const own = ownKernelspec();
  const [node, ...rest] = spec.argv;
  if (!existsSync(node!)) return `starts ${node}, which is not there any more`;
  const program = rest.find((argument) => argument.endsWith("start.cjs"));
  if (program !== undefined && !existsSync(program)) return `starts ${program}, which is not there any more`;
  if (JSON.stringify(rest) !== JSON.stringify(own.argv.slice(1))) return "starts the kernel of another installation";
  if (node !== own.argv[0]) return `starts another Node (${node})`;
  return spec.interrupt_mode === own.interrupt_mode ? undefined : "was written by an older version";
}

/** Two steps of refinement towards a brighter label, on TypeScript's blue. */
const logo = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">
<rect width="64" height="64" rx="10" fill="#235a97"/>
<path d="M12 46h12V34h12V22h16" fill="none" stroke="#fff" stroke-width="6" stroke-linecap="round" stroke-linejoin="round"/>
<circle cx="24" cy="46" r="5" fill="#8fb8e0"/><circle cx="36" cy="34" r="5" fill="#c7dcf0"/><circle cx="52" cy="22" r="6" fill="#ffd54a"/>
</svg>
`;
