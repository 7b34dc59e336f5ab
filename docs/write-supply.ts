/** `npm run supply`: docs/supply from the lock files. `npm run supply -- --audit` asks the registry for known weaknesses, too. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { billOfMaterials, distinct, licenceList, npmPackages, type Package, pythonPackages } from "./supply.js";

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(at(path), "utf8");

/** Every package of every lock. */
export function allPackages(): readonly Package[] {
  return distinct([
    ...npmPackages(read("package-lock.json")),
    ...pythonPackages(read("containers/trainer/requirements-cpu.txt"), false),
    ...pythonPackages(read("containers/trainer/requirements-gpu.txt"), false),
    ...pythonPackages(read("containers/trainer/requirements-dev.txt"), true),
    ...pythonPackages(read(".ci/requirements.txt"), true),
  ]);
}

/** What is known of weaknesses, or plainly that nobody answered: no list of them comes with the kit. */
function audit(): string {
  try {
    return execFileSync("npm", ["audit"], { cwd: at("."), encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string };
    if (/audit endpoint returned an error|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ENOAUDIT/.test(stderr)) {
      return "NOT CHECKED: the registry does not answer questions about known weaknesses\n";
    }
    return stdout === "" ? `NOT CHECKED: ${stderr.trim().split("\n").at(-1)}\n` : stdout;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const packages = allPackages();
  mkdirSync(at("docs/supply"), { recursive: true });
  writeFileSync(at("docs/supply/sbom.json"), billOfMaterials(packages));
  writeFileSync(at("docs/supply/licences.md"), licenceList(packages));
  console.log(`docs/supply: ${packages.length} packages`);
  if (process.argv.includes("--audit")) {
    const answer = audit();
    process.stdout.write(answer);
    if (answer.startsWith("NOT CHECKED")) process.exitCode = 1;
  }
}
