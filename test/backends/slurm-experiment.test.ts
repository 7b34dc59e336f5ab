/** A whole experiment on a cluster: over two nodes the same bytes as on one, in any order that its jobs come to run in. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { slurmBackend } from "../../kernel-lib/src/backends/index.js";
import {
  parseExperiment,
  presetByName,
  type RunRecord,
  runExperiment,
  setField,
} from "../../kernel-lib/src/experiments/index.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { compilePackage } from "./docker-fixtures.js";
import { temporaryFolder } from "./fixtures.js";
import { canStartSlurm, hurry, ownSlurm, slurmSays } from "./slurm-fixtures.js";

const cluster = canStartSlurm() ? ownSlurm() : undefined;
const results = fileURLToPath(new URL("../../results", import.meta.url));
const packageFolder = cluster ? compilePackage() : "";
/** As small as it can be for models to learn what an answer looks like. */
const size = [
  'limit={"train":1000,"validation":20,"test":40}',
  "seeds=[0,1,2]",
  'rounds={"ilr":1,"dpo":1}',
  `arms=${JSON.stringify([
    { name: "SFT", method: "sft" },
    { name: "ILR", method: "ilr", comparisons: { noisyOracle: 0.75 } },
  ])}`,
];
const experiment = parseExperiment(size.reduce(setField, presetByName("micro-math/quick")));

beforeAll(() => cluster?.start());
afterAll(async () => {
  cluster?.stop();
  if (cluster) await rm(packageFolder, { recursive: true, force: true });
});

interface Done {
  readonly record: RunRecord;
  /** Digests of all outputs, by key of the step. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** The experiment in a store of its own, on the nodes that a list names. */
async function runOn(nodes: string | undefined, root: string): Promise<Done> {
  const backend = await slurmBackend({
    site: {
      time: "30",
      // So that two jobs fill a node.
      memory: "1500M",
      sbatch: nodes === undefined ? [] : [`--nodelist=${nodes}`],
      trainer: { command: [process.execPath, join(packageFolder, "bin", "ilr-trainer.js")] },
    },
    workers: 6,
    pace: hurry,
  });
  try {
    const store = await openStore(root);
    const record = await runExperiment(experiment, { store, backend, results });
    const outputs = (await store.records()).map((one): [string, string] => [one.key, JSON.stringify(one.outputs)]);
    return { record, outputs: Object.fromEntries(outputs.sort(([a], [b]) => (a < b ? -1 : 1))) };
  } finally {
    await backend.close();
  }
}

/** Nodes that jobs ran on so far. */
const nodesUsed = (): ReadonlySet<string> =>
  new Set(slurmSays("squeue", "--noheader", "--array", "--states=all", "--format=%N").trim().split("\n"));

describe.skipIf(!cluster)("an experiment on slurm (needs root, slurm-wlm and munge)", () => {
  it("gives the same bytes on two nodes as on one, and runs nothing twice", async () => {
    const [here, there] = [await temporaryFolder(), await temporaryFolder()];
    const two = await runOn(undefined, here);
    expect(nodesUsed()).toEqual(new Set(["n1", "n2"]));
    const one = await runOn("n1", there);
    expect(Object.keys(two.outputs).length).toBeGreaterThan(20);
    expect(two.outputs).toEqual(one.outputs);
    expect(two.record.points).toEqual(one.record.points);
    expect(two.record.provenance.keys).toEqual(one.record.provenance.keys);
    const again = await runOn(undefined, here);
    expect(again.record.provenance.counts.executed).toBe(0);
  }, 900_000);
});
