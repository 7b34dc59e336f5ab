import { LabError } from "../core/index.js";
import type { ArtifactRef } from "../steps/index.js";
import { type Basis, checkFile, describe, type Problem } from "./check-file.js";
import { parseRef, readManifest } from "./content.js";
import type { StoreContext } from "./context.js";

/** What is wrong with an artifact; empty when it is whole. A tree's manifest is always read. */
export async function checkRef(
  context: StoreContext,
  ref: ArtifactRef,
  basis: Basis | "sampled",
  size?: number,
): Promise<readonly Problem[]> {
  const { kind, digest } = parseRef(ref);
  if (kind === "file") return checkFile(context, digest, basis, size);
  const manifestProblems = await checkFile(context, digest, "bytes");
  if (manifestProblems.length > 0) return manifestProblems;
  const problems: Problem[] = [];
  for (const entry of Object.values(await readManifest(context, digest))) {
    problems.push(...(await checkFile(context, entry.digest, basis, entry.size)));
  }
  return problems;
}

/** @throws LabError `store-damaged` or `input-missing` if the artifact is not whole. */
export async function assertWhole(context: StoreContext, ref: ArtifactRef): Promise<void> {
  const [problem] = await checkRef(context, ref, context.hitCheck === "full" ? "bytes" : context.hitCheck);
  if (problem === undefined) return;
  const code = problem.problem === "missing" ? "input-missing" : "store-damaged";
  throw new LabError(code, `${ref}: content ${problem.digest} is ${describe(problem)}`, {
    hint: "run the experiment again: the step that makes it runs again",
  });
}
