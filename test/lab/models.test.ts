/** `lab.model` and what stands on it: which model is loaded, and what is said where one cannot be. */
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { JSDOM } from "jsdom";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Project, writeRun } from "../../kernel-lib/src/experiments/index.js";
import { lab, type Model, type Run } from "../../kernel-lib/src/lab.js";
import { type DisplayMetadata, render, tokenLogProbabilities } from "../../kernel-lib/src/notebook/index.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { taskByName } from "../../kernel-lib/src/tasks/index.js";
import { ilrIn } from "../cli/command.js";
import { smallExperiment } from "../experiments/fixture.js";
import { talkingBackend } from "../experiments/talking-backend.js";

const RESULTS = fileURLToPath(new URL("../../results", import.meta.url));
let project: Project;
let run: Run;
let bases: readonly [Model, Model];

beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), "ilr-models-"));
  project = { root, results: join(root, "results"), store: join(root, ".ilr", "store"), data: join(root, "data") };
  await mkdir(join(root, "notebooks"));
  for (const name of ["micro-math-weak-0", "micro-math-strong-0"]) {
    await cp(join(RESULTS, "bases", name), join(project.results, "bases", name), { recursive: true });
  }
  run = await lab.run(smallExperiment(), { project, backend: talkingBackend(), progress: false });
  await writeRun(join(root, "out", "a", "run"), run.record);
  bases = [await lab.model("micro-math-weak-0", { project }), await lab.model("micro-math-strong-0", { project })];
});

afterAll(async () => {
  for (const model of bases) await model.close();
  await rm(project.root, { recursive: true, force: true });
});

describe("a model of a run", () => {
  it("is the one that its point's step left, by default of the last round", async () => {
    const store = await openStore(project.store);
    const question = "2 + 3 = the apples";
    const seen = new Set<string>();
    for (const { arm, round, step } of run.record.points) {
      const record = (await store.record(step!))!;
      const model = await run.model({ arm, round });
      expect(model.origin).toMatchObject({ ref: record.outputs.model!.ref, step });
      const { tokens } = await model.answer(question, { maxAnswerTokens: 3 });
      seen.add(tokens.map(({ id, logprob }) => `${id}:${logprob.toFixed(4)}`).join());
      await model.close();
    }
    expect(seen.size).toBe(new Set(run.record.points.map(({ step }) => step)).size);
    const last = await run.model({ arm: "ILR" });
    expect(last.name).toBe("ILR, round 2, seed 0");
    expect(last.task?.name).toBe("micro-math");
    const shown = render(last).metadata["ilr-lab"] as DisplayMetadata;
    expect(shown.provenance).toMatchObject({ recorded: false, experiment: run.record.provenance.experiment.name });
    await last.close();
  });

  it("is found by the run's name where `ilr run` left it, and in a folder", async () => {
    const named = await lab.model("a/run", { project, arm: "Naive ILR", round: 1 });
    const own = await run.model({ arm: "Naive ILR", round: 1 });
    expect(named.origin).toEqual(own.origin);
    await expect(named.answer("2 + 2 =")).resolves.toEqual(await own.answer("2 + 2 ="));
    const folder = await lab.model(join(RESULTS, "bases", "micro-math-weak-0", "model"), { project });
    expect(folder.parameters).toBe(bases[0].parameters);
    expect(folder.task).toBeUndefined();
    for (const model of [named, own, folder]) await model.close();
  });

  it("is refused by name, and with the command that computes it where the store lacks it", async () => {
    await expect(run.model({ arm: "IRL" })).rejects.toMatchObject({ code: "name-unknown" });
    await expect(run.model({ arm: "ILR", round: 7 })).rejects.toMatchObject({ code: "name-unknown" });
    await expect(lab.model("a/run", { project })).rejects.toMatchObject({
      ...{ code: "config-invalid", hint: expect.stringContaining("Naive ILR") },
    });
    await expect(lab.model("micro-math-week-0", { project })).rejects.toMatchObject({
      ...{ code: "name-unknown", hint: 'did you mean "micro-math-weak-0"?' },
    });
    const elsewhere = { ...project, store: join(project.root, "empty") };
    await expect(lab.model("a/run", { project: elsewhere, arm: "SFT" })).rejects.toMatchObject({
      ...{ code: "input-missing", hint: expect.stringContaining("ilr run micro-math/quick --seeds 0") },
    });
    await expect(run.model({ arm: "SFT", memory: 1000 })).rejects.toMatchObject({
      ...{ code: "unsupported", message: expect.stringMatching(/SFT, seed 0 has \d+ parameters and takes about/) },
    });
  });
});

describe("answers of models", () => {
  it("come token by token, and are graded side by side", async () => {
    const { validation } = await taskByName("micro-math").splits(0);
    const seen: string[] = [];
    const answer = await bases[1].answer(validation[0]!, { onToken: ({ token }) => void seen.push(token) });
    expect(seen).toEqual(answer.tokens.map(({ token }) => token));
    const [weak, strong] = bases;
    const questions = [...validation.slice(0, 3), "what is 2 + 2 ?"];
    const rows = await lab.sideBySide({ weak, strong }, questions);
    expect(rows).toHaveLength(4);
    for (const [i, row] of rows.entries()) {
      const asked = questions[i]!;
      for (const [name, model] of Object.entries({ weak, strong })) {
        const given = row.answers[name] as { text: string; correct?: boolean };
        expect(given.text).toBe((await model.answer(asked)).text);
        const expected = typeof asked === "string" ? undefined : taskScore(given.text, asked.reference);
        expect(given.correct).toBe(expected);
      }
    }
  });

  it("by beams are as likely as greedy ones or more so; a seed repeats a draw", async () => {
    const { validation } = await taskByName("micro-math").splits(0);
    for (const question of validation.slice(0, 3)) {
      const greedy = await bases[1].answer(question);
      const beam = await bases[1].answer(question, { decoding: { kind: "beam", width: 4 } });
      expect(beam.logprob / beam.tokens.length).toBeGreaterThanOrEqual(greedy.logprob / greedy.tokens.length - 0.02);
      const draw = (seed: number) =>
        bases[1].answer(question, { decoding: { kind: "temperature", temperature: 1, seed } });
      expect(await draw(3)).toEqual(await draw(3));
      const scored = await bases[1].score(question, greedy.text);
      if (greedy.finished) expect(scored.logprob).toBeCloseTo(greedy.logprob, 3);
    }
    await expect(bases[1].answer("2", { decoding: { kind: "beam", width: 0 } })).rejects.toMatchObject({
      code: "config-invalid",
    });
  });

  it("part at the first token that differs, with both models' likeliest there", async () => {
    const [weak, strong] = bases;
    const { validation } = await taskByName("micro-math").splits(0);
    for (const question of validation.slice(0, 5)) {
      const parting = await lab.whereTheyPart(weak, strong, question);
      const [a, b] = [await weak.answer(question), await strong.answer(question)];
      const { at } = parting;
      expect(at).not.toBeNull();
      expect(a.tokens.slice(0, at!).map(({ id }) => id)).toEqual(b.tokens.slice(0, at!).map(({ id }) => id));
      expect(a.tokens[at!]?.id).not.toBe(b.tokens[at!]?.id);
      expect(parting.sides.map(({ top }) => top[0]?.id)).toEqual([a.tokens[at!]?.id, b.tokens[at!]?.id]);
    }
    expect((await lab.whereTheyPart(weak, weak, validation[0]!)).at).toBeNull();
  });

  it("are shown with every number in text too, and nothing that a model wrote is markup", () => {
    const tokens = [
      { id: 3, token: "<b>", logprob: -0.25, top: [] },
      { id: 4, token: "40", logprob: 0, top: [] },
    ];
    const rendered = render(tokenLogProbabilities({}, { title: "ILR", question: "<i>how</i> many?", tokens }));
    const { document } = new JSDOM(String(rendered.data["text/html"])).window;
    expect(document.querySelector("b, i")).toBeNull();
    expect(document.body.textContent).toMatch(/<b>−0\.25/);
    expect(rendered.data["text/plain"]).toContain("<b> (−0.25) 40 (0.00)");
  });
});

describe("ilr export onnx", () => {
  it("writes a model of a run or a base, and says what", async () => {
    const env = { ILR_ROOT: project.root };
    const base = await ilrIn(project.root, env, "export", "onnx", "micro-math-weak-0", "--out", "base");
    expect(base).toMatchObject({ code: 0, out: expect.stringContaining("onnx/model.onnx") });
    const again = await ilrIn(project.root, env, "export", "onnx", "micro-math-weak-0", "--out", "base");
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining("exists already") });
    const ofRun = ["export", "onnx", "a/run", "--arm", "ILR", "--round", "1", "--out", "ilr"];
    expect(await ilrIn(project.root, env, ...ofRun)).toMatchObject({ code: 0 });
    const { from } = JSON.parse(await readFile(join(project.root, "ilr", "provenance.json"), "utf8")) as {
      from: { step: string };
    };
    expect(from).toMatchObject({ name: "ILR, round 1, seed 0", run: "micro-math/quick" });
    expect(run.record.points.find(({ arm, round }) => arm === "ILR" && round === 1)?.step).toBe(from.step);
    const config = JSON.parse(await readFile(join(project.root, "base", "config.json"), "utf8")) as object;
    expect(config).toMatchObject({ model_type: "llama", "transformers.js_config": { dtype: "fp32" } });
  });
});

function taskScore(answer: string, reference: string): boolean {
  const final = (text: string): string | undefined => /#### (\d+)/.exec(text)?.[1];
  return final(answer) !== undefined && final(answer) === final(reference);
}
