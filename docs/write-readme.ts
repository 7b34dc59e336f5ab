// Writes the README's results from the recorded runs: npm run readme
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withResults } from "./readme.js";

const root = join(import.meta.dirname, "..");
const path = join(root, "README.md");
writeFileSync(path, await withResults(readFileSync(path, "utf8"), join(root, "results")));
process.stdout.write(`${path}\n`);
