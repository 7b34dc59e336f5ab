import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Job } from "./backend.js";

/** Whether an input of a step stands for a model of the Hub (a folder with the single file `hub.json`): only such steps may fetch. */
export function namesHubModel({ step, directory }: Job): boolean {
  return Object.keys(step.inputs).some((name) => existsSync(join(directory, "inputs", name, "hub.json")));
}

/** Where the Hub's own libraries keep what they fetched: `HF_HOME`, else `~/.cache/huggingface`. */
export function hubCache(): string {
  return process.env.HF_HOME || join(homedir(), ".cache", "huggingface");
}
