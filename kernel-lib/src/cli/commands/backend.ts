import { resolve } from "node:path";
import type { Command } from "commander";
import { BACKENDS, type BackendFinding, backendName, examineBackends } from "../../backends/index.js";
import { LabError } from "../../core/index.js";
import { about } from "../about.js";
import { print } from "../context.js";
import type { CliContext } from "../surroundings.js";

/** `ilr backend check`: who can run steps here, and what the others lack. */
export function registerBackend(program: Command, context: CliContext): void {
  const backend = program.command("backend").description(about.backend);
  backend
    .command("check")
    .description("say which backends work here, what the others lack, and how to mend it")
    .argument("[name]", `one of ${BACKENDS.join(", ")}; fails if it does not work`)
    .option("--site <file>", "profile to check slurm with (default: what ILR_SITE names)")
    .action((name: string | undefined, { site }: { readonly site?: string }) => check(context, name, site));
}

async function check(context: CliContext, name: string | undefined, site: string | undefined): Promise<void> {
  const file = site === undefined ? undefined : resolve(context.cwd, site);
  const findings = await examineBackends(name === undefined ? BACKENDS : [backendName(name)], file);
  for (const finding of findings) {
    print(context, `${finding.isReady ? "✓" : "–"} ${finding.backend.padEnd(10)}  ${finding.detail}`);
    if (finding.remedy !== undefined) print(context, `${" ".repeat(14)}mend: ${finding.remedy}`);
  }
  // Nobody needs all of them; only what was asked for by name, and the default, must work.
  const wrong = findings.find((finding) => !finding.isReady && (name !== undefined || isDefault(finding)));
  if (wrong === undefined) return;
  throw new LabError("unsupported", `the backend ${wrong.backend} does not work here`, {
    hint: "follow what is said above, then run `ilr backend check` again",
  });
}

function isDefault({ backend }: BackendFinding): boolean {
  return backend === "embedded";
}
