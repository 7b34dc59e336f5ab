import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../../core/index.js";
import { type Checkpoint, readCheckpoint } from "../checkpoint.js";
import { assertFits, memoryToLoad } from "./memory.js";

export interface LoadOptions {
  /** What the model is called in errors. Default: the folder. */
  readonly name?: string | undefined;
  /** Bytes that may be taken. Default: what is free. */
  readonly available?: number | undefined;
}

/**
 * Reads a model folder after a look at whether it can be run here.
 *
 * @throws LabError `unsupported` for an adapter, a reference to the Hub, a model too large for the memory (with the estimate), or one
 *   that is no plain Llama decoder; `input-missing`, `input-damaged` as `readCheckpoint`.
 */
export async function loadModel(folder: string, { name = folder, available }: LoadOptions = {}): Promise<Checkpoint> {
  if (existsSync(join(folder, "adapter_config.json")) && !existsSync(join(folder, "config.json"))) {
    throw new LabError("unsupported", `${name} is a low-rank adapter, not a whole model`, {
      hint: "merge it first, in Python: PeftModel.from_pretrained(base, folder).merge_and_unload().save_pretrained(merged); then load that folder",
    });
  }
  if (existsSync(join(folder, "hub.json"))) {
    throw new LabError("unsupported", `${name} is a reference to a model of the Hub: its weights are not here`, {
      hint: "download it, and give its folder",
    });
  }
  const config = await readFile(join(folder, "config.json"), "utf8").catch(() => "");
  const estimate = memoryToLoad(parsed(config));
  if (estimate) assertFits(name, estimate, available);
  return readCheckpoint(folder);
}

/** What is no JSON, `readCheckpoint` says better. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
