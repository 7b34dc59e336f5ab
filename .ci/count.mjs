// Counts what the test runner reported: node .ci/count.mjs <report.json> [<report of the failed files run again, alone>]
// Tests that fail beside others and pass alone are counted as passed, and named: nobody shall take them for sound.
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";

const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const [first, again] = process.argv.slice(2);
const report = read(first);
const second = again !== undefined && existsSync(again) ? read(again) : { testResults: [] };
const repeated = new Map(second.testResults.map((file) => [file.name, file]));

const fails = ({ status }) => status === "failed";
// A file that cannot be loaded has no tests of its own, and is a failure all the same.
const failuresOf = (file) =>
  file.assertionResults.some(fails)
    ? file.assertionResults.filter(fails).map(({ fullName }) => fullName)
    : fails(file)
      ? ["(the file)"]
      : [];

const files = report.testResults.map((file) => (fails(file) ? (repeated.get(file.name) ?? file) : file));
const results = files.flatMap(({ assertionResults }) => assertionResults);
const count = (...statuses) => results.filter(({ status }) => statuses.includes(status)).length;
const failed = files.flatMap(failuresOf).length;
const onlyAlone = report.testResults.flatMap((file) => {
  const now = repeated.get(file.name);
  if (!fails(file) || now === undefined) return [];
  const still = new Set(failuresOf(now));
  return failuresOf(file)
    .filter((name) => !still.has(name))
    .map((name) => `${relative(process.cwd(), file.name)}: ${name}`);
});

for (const name of onlyAlone) console.log(`failed beside other tests, passed alone: ${name}`);
console.log(
  `${results.length} tests in ${files.length} files${onlyAlone.length > 0 ? `, ${onlyAlone.length} of them passed only when run again, alone` : ""}`,
);
console.log(`${count("passed")} passed, ${failed} failed, ${count("skipped", "pending", "todo", "disabled")} skipped`);
// Such as an error that no test has caught.
const isUnexplained = !report.success && !report.testResults.some(fails);
if (isUnexplained) console.log("the test runner failed, though no test did: see above");
process.exit(failed > 0 || results.length === 0 || isUnexplained ? 1 : 0);
