import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Backend } from "../../kernel-lib/src/backends/index.js";
import { sha256 } from "../../kernel-lib/src/core/index.js";
import { writeCheckpoint } from "../../kernel-lib/src/engine/index.js";
import { outputsOf } from "../../kernel-lib/src/steps/index.js";
import { tinyModel } from "../engine/tiny-models.js";
import { pretendingBackend } from "./pretending-backend.js";

/** The pretending backend, whose models can be talked to: random, another one for each step and output. */
export function talkingBackend(): Backend {
  const pretending = pretendingBackend();
  return {
    ...pretending,
    run: async (job) => {
      await pretending.run(job);
      for (const [name, kind] of Object.entries(outputsOf(job.step.verb, job.step.params))) {
        if (kind !== "tree") continue;
        const folder = join(job.directory, "outputs", name);
        await rm(folder, { recursive: true });
        const seed = Number.parseInt(sha256(JSON.stringify([job.step, name])).slice(0, 8), 16);
        await writeCheckpoint(folder, tinyModel(seed, { maxPositions: 256 }), { storage: "float32" });
      }
    },
  };
}
