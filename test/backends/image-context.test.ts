/** What goes into the image of the embedded engine is enough for it, with no engine of Docker needed to see that. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { layOutContext } from "../../kernel-lib/src/backends/docker/image-context.js";
import { processBackend } from "../../kernel-lib/src/backends/index.js";
import { tinyModel } from "../engine/tiny-models.js";
import { prepare, run } from "./conformance-fixtures.js";
import { compilePackage, dockerfile } from "./docker-fixtures.js";

const packageFolder = compilePackage();
// Outside of the checkout, so that no package of it is found.
const context = mkdtempSync(join(tmpdir(), "ilr-context-"));
afterAll(() => {
  for (const folder of [packageFolder, context]) rmSync(folder, { recursive: true, force: true });
});

it("holds every package that the trainer imports", async () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  layOutContext({ packageFolder, root }, dockerfile, context);
  const trainer = join(context, "bin", "ilr-trainer.js");
  execFileSync(process.execPath, [trainer, "check"], { stdio: "pipe" });
  const model = tinyModel(3);
  const rows = [{ id: "q", prompt: "the 1 + 1 =", answer: "#### 2" }];
  const outside = await processBackend({ command: [process.execPath, trainer] });
  const ran = await run(outside, await prepare("score", { kind: "logprob" }, { model, rows }));
  await outside.close();
  expect(ran.error).toBeUndefined();
});
