import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/**
 * A folder with GSM8K's train.jsonl and test.jsonl, where this machine has one; tests of the real rows skip otherwise.
 */
export const gsm8kFolder: string | undefined = [
  ...(process.env.ILR_DATA ? [join(process.env.ILR_DATA, "gsm8k")] : []),
  join(root, ".ilr", "data", "gsm8k"),
  join(root, "..", "shared", "data", "gsm8k"),
].find((folder) => ["train.jsonl", "test.jsonl"].every((name) => existsSync(join(folder, name))));
