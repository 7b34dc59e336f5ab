import { readFileSync } from "node:fs";

/** Version of this package; an image without its `package.json` does not know it. */
export function packageVersion(): string {
  try {
    return String(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version);
  } catch {
    return "unknown";
  }
}
