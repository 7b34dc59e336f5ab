import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PYTHON } from "./both.js";

const folder = fileURLToPath(new URL("../../containers/trainer", import.meta.url));

/** The Python package's own checks, so that one test run covers both languages. */
describe.skipIf(PYTHON === "")("ilr_trainer (ILR_TRAINER_PYTHON names a Python with its dependencies)", () => {
  it.each([
    ["passes its tests", ["pytest", "-p", "no:cacheprovider"]],
    ["is clean for ruff", ["ruff", "check", "--no-cache", "."]],
    ["is formatted", ["ruff", "format", "--check", "--no-cache", "."]],
    ["is typed", ["mypy", "--strict", "--cache-dir=/dev/null"]],
  ])("%s", { timeout: 600_000 }, (_, [module, ...rest]) => {
    const env = { ...process.env, PYTHONPATH: "src", PYTHONDONTWRITEBYTECODE: "1", OMP_NUM_THREADS: "1" };
    const ran = spawnSync(PYTHON, ["-m", module!, ...rest], { cwd: folder, env, encoding: "utf8" });
    expect(ran.status, `${ran.stdout}\n${ran.stderr}`.slice(-4000)).toBe(0);
  });
});
