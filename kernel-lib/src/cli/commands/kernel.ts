import { join, resolve } from "node:path";
import type { Command } from "commander";
import { LabError } from "../../core/index.js";
import {
  examineKernel,
  type Finding,
  installKernelspec,
  kernelDisplayName,
  userDataFolder,
} from "../../notebook/index.js";
import { about } from "../about.js";
import { print } from "../context.js";
import type { CliContext } from "../surroundings.js";

interface InstallOptions {
  readonly user?: boolean;
  readonly prefix?: string;
}

export function registerKernel(program: Command, context: CliContext): void {
  const kernel = program.command("kernel").description(about.kernel);
  kernel
    .command("install")
    .description(`make the kernel "${kernelDisplayName}" known to Jupyter`)
    .option("--user", "for you alone, in your home folder (the default)")
    .option("--prefix <folder>", "into an environment, such as a Python's sys.prefix")
    .action((options: InstallOptions) => install(context, options));
  kernel
    .command("doctor")
    .description("say what keeps notebooks from working here, and how to mend it")
    .action(() => examine(context));
}

async function install(context: CliContext, { user, prefix }: InstallOptions): Promise<void> {
  if (user && prefix !== undefined) {
    throw new LabError("config-invalid", "--user and --prefix name two places", { hint: "give one of them" });
  }
  const data =
    prefix === undefined ? userDataFolder(context.env) : join(resolve(context.cwd, prefix), "share", "jupyter");
  print(context, `${kernelDisplayName}: ${await installKernelspec(data)}`);
}

const glyphs: Record<Finding["state"], string> = { ok: "✓", absent: "–", wrong: "✗" };

async function examine(context: CliContext): Promise<void> {
  const findings = await examineKernel({ cwd: context.cwd, env: context.env });
  for (const { what, state, detail, remedy } of findings) {
    print(context, `${glyphs[state]} ${what.padEnd(10)}  ${detail}`);
    if (remedy !== undefined) print(context, `${" ".repeat(14)}mend: ${remedy}`);
  }
  const wrong = findings.filter(({ state }) => state === "wrong").map(({ what }) => what);
  if (wrong.length > 0) {
    throw new LabError("unsupported", `notebooks will not work here: ${wrong.join(", ")}`, {
      hint: "follow what is said above, then run `ilr kernel doctor` again",
    });
  }
}
