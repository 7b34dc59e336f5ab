// Writes the contract as JSON Schema, for trainers in other languages: npm run contract
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stepJsonSchema } from "../../kernel-lib/src/steps/index.js";

const path = join(import.meta.dirname, "step.schema.json");
writeFileSync(path, `${JSON.stringify(stepJsonSchema(), null, 2)}\n`);
process.stdout.write(`${path}\n`);
