/** What others could reach or read: listening sockets, and secrets of the environment in anything that a run leaves. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { processBackend } from "../../kernel-lib/src/backends/index.js";
import { main } from "../../kernel-lib/src/cli/index.js";
import { greedy, lab, temporaryFolder, temporaryStore } from "../backends/fixtures.js";
import { ilrIn } from "../cli/command.js";
import { makeWorkspace } from "../notebook/fixture.js";
import { count } from "./tally.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const CANARY = "canary-5d1f0c9ab7e24";
const NAMES = [
  "OPENAI_API_KEY",
  "HF_TOKEN",
  "WANDB_API_KEY",
  "GITHUB_TOKEN",
  "AWS_SECRET_ACCESS_KEY",
  "MY_JUDGE_API_KEY",
];

describe("servers", () => {
  it("listen on this machine only, wherever the kit starts one", async () => {
    const source = fileURLToPath(new URL("../../kernel-lib/src", import.meta.url));
    const files = (await readdir(source, { recursive: true })).filter((name) => /\.(ts|cjs)$/.test(name));
    const listening: string[] = [];
    for (const name of files) {
      const text = await readFile(join(source, name), "utf8");
      for (const [call] of text.matchAll(/\.listen\([^)]*\)?/g)) {
        listening.push(name);
        expect(call, name).toContain('"127.0.0.1"');
      }
    }
    expect(listening.sort()).toEqual(["human/page/server.ts", "notebook/connection.ts"]);
  });
});

/** A trainer that tells everything that it knows: in its log, in events and in its answers; then it may fail. */
const TALKER = `
const fs = require("node:fs");
const [command, folder] = process.argv.slice(2);
if (command === "check") {
  console.log(JSON.stringify({ name: "talker", version: "1", contract: 1, identity: "a".repeat(64), versions: {}, problems: [] }));
} else {
  const known = JSON.stringify(process.env);
  console.error(known);
  console.log("log " + known + " " + process.env.TOLD);
  console.log(JSON.stringify({ type: "note", text: known + process.env.TOLD }));
  fs.mkdirSync(folder + "/outputs", { recursive: true });
  fs.writeFileSync(folder + "/outputs/answers", JSON.stringify({ id: "q0", sample: 0, answer: known.replaceAll(process.env.TOLD, ""), logprob: 0 }) + "\\n");
  const prompts = folder + "/inputs/prompts";
  if (!fs.existsSync(prompts) || fs.readFileSync(prompts, "utf8").includes("fail")) {
    console.log(JSON.stringify({ type: "error", code: "step-failed", message: process.env.TOLD + known + process.env.TOLD }));
    process.exit(1);
  }
}
`;

async function everythingIn(folder: string): Promise<string> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const texts = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), "utf8")));
  return [...files.map(({ name }) => name), ...texts].join("\n");
}

describe("secrets of the environment", () => {
  afterEach(() => {
    for (const name of [...NAMES, "TOLD", "ILR_ROOT", "ILR_STORE"]) delete process.env[name];
  });

  it("are not given to a trainer, and hidden where it says them all the same", async ({ task }) => {
    for (const name of NAMES) process.env[name] = CANARY;
    // As if the trainer had read it from a file of its own.
    process.env.TOLD = CANARY;
    const program = join(await temporaryFolder(), "talker.cjs");
    await writeFile(program, TALKER);
    const { store, warnings } = await temporaryStore();
    const backend = await processBackend({ command: [process.execPath, program] });
    try {
      for (const order of ["answer", "fail"]) {
        const asked = await lab({ store, backend, orders: [order] });
        const step = asked.runner.step("sample", greedy, asked.inputs, { seed: 0, label: order });
        const ended: unknown = await step.catch((error: unknown) => error);
        expect(ended instanceof Error).toBe(order === "fail");
        const told = inspect([ended, asked.activities, warnings], { depth: null, maxStringLength: null });
        expect(told).toContain("***");
        expect(told).not.toContain(CANARY);
      }
      expect(await everythingIn(store.root)).not.toContain(CANARY);
    } finally {
      await backend.close();
    }
    count(task, {
      fault: "canary secrets, a trainer that tells all it knows",
      tries: 2,
      lost: 0,
      wrong: 0,
      mended: ["I10"],
    });
  });

  it("are in nothing that commands print, also when they fail", async ({ task }) => {
    for (const name of NAMES) process.env[name] = CANARY;
    const root = await temporaryFolder();
    await writeFile(join(root, "bad.yaml"), "extends: micro-math/quick\nalpha: 7\n");
    const env = Object.fromEntries(NAMES.map((name) => [name, CANARY]));
    const calls = [
      ["plan", "micro-math/quick"],
      ["run", "bad.yaml"],
      ["run", "nothing"],
      ["results"],
      ["verify"],
      ["--help"],
      ["rn"],
    ];
    for (const call of calls) {
      const said = await ilrIn(root, { ...env, ILR_DEBUG: "1" }, ...call);
      expect(`${said.out}${said.err}`.length).toBeGreaterThan(0);
      expect(`${said.out}${said.err}`).not.toContain(CANARY);
    }
    expect(await everythingIn(root)).not.toContain(CANARY);
    count(task, { fault: "canary secrets, commands that work and fail", tries: calls.length, lost: 0, wrong: 0 });
  });

  it("are in no output of a notebook, nor in a report of it", { timeout: 120_000 }, async ({ task }) => {
    for (const name of NAMES) process.env[name] = CANARY;
    const workspace = await makeWorkspace();
    Object.assign(process.env, { TOLD: CANARY, ILR_ROOT: repository, ILR_STORE: join(workspace.folder, "store") });
    try {
      const program = await workspace.file("talker.cjs", TALKER);
      const cells = [
        // That they are there, or nothing is tested.
        `console.log(${JSON.stringify(NAMES)}.filter((name) => process.env[name] === "${CANARY.slice(0, 6)}" + "${CANARY.slice(6)}").length, "secrets");`,
        `import { display, lab } from "ilr-lab"; const run = await lab.recorded("micro-math/main"); console.log(run); display(run);`,
        "display(run.frame('rounds')); console.log(run.record, run.verdicts());",
        `import { processBackend } from ${JSON.stringify(join(repository, "kernel-lib/dist/backends/index.js"))};
         const backend = await processBackend({ command: [process.execPath, ${JSON.stringify(program)}] });
         let failure: any;
         try { await lab.run("micro-math/quick", { backend }); } catch (error) { failure = error; }
         console.log(failure); console.error(failure.stack); display(String(failure.message)); await backend.close();`,
        "try { await lab.run({ extends: 'micro-math/quick', alpha: 7 } as any); } catch (error) { display(error); }",
      ];
      await workspace.notebook("shown.ipynb", cells);
      const said = { out: "", err: "" };
      const keep = (name: "out" | "err") => ({
        write: (text: string): void => {
          said[name] += text;
        },
      });
      const openBackend = () => expect.unreachable("no step is run by the command");
      for (const argv of [
        ["notebook", "run", "shown.ipynb", "--inplace"],
        ["report", "shown.ipynb", "--out", "report"],
      ]) {
        const surroundings = { cwd: workspace.folder, env: process.env, openBackend };
        const code = await main(argv, { stdout: keep("out"), stderr: keep("err"), ...surroundings });
        expect(code, said.err).toBe(0);
      }
      const executed = await readFile(join(workspace.folder, "shown.ipynb"), "utf8");
      expect(executed).toContain(`${NAMES.length} secrets`);
      expect(executed).toContain("***");
      const report = await readFile(join(workspace.folder, "report", "index.html"), "utf8");
      expect(report).toContain("***");
      for (const text of [executed, report, said.out, said.err, await everythingIn(join(workspace.folder, "store"))])
        expect(text).not.toContain(CANARY);
      const fault = "canary secrets, an executed notebook and its report";
      count(task, { fault, tries: cells.length, lost: 0, wrong: 0 });
    } finally {
      await workspace.remove();
    }
  });
});
