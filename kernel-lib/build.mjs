// Compiles src/ to dist/ with the project's own TypeScript (tslab's older one takes over node_modules/.bin/tsc).
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const tsc = createRequire(join(here, "..", "package.json")).resolve("typescript/bin/tsc");
rmSync(join(here, "dist"), { recursive: true, force: true });
try {
  execFileSync(process.execPath, [tsc, "-p", join(here, "tsconfig.json")], { stdio: "inherit" });
} catch {
  process.exit(1);
}
// The notebook kernel is plain CommonJS, as tslab is.
cpSync(join(here, "src", "notebook", "kernel"), join(here, "dist", "notebook", "kernel"), { recursive: true });
