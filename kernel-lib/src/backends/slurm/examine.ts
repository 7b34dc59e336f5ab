import { LabError } from "../../core/index.js";
import { slurm } from "./commands.js";
import { siteTrainer } from "./identity.js";
import { siteOf, slurmVersion } from "./slurm.js";

/**
 * Looks whether jobs could run: the controller answers, the profile is right, its partition is there and up, the trainer is known.
 * @returns a line for people. @throws LabError with what is missing.
 */
export async function examineSlurm(profile?: string): Promise<string> {
  const [version, site] = [await slurmVersion(), await siteOf(profile)];
  const lines = (await slurm("sinfo", ["--noheader", "--format=%R|%a|%D|%G"])).trim().split("\n");
  const partitions = lines.map((line) => line.split("|"));
  const wanted = [site.partition, ...Object.values(site.verbs).map((needs) => needs?.partition)].filter(
    (name): name is string => name !== undefined,
  );
  for (const name of wanted.flatMap((names) => names.split(","))) {
    const found = partitions.filter(([partition]) => partition === name);
    if (found.some(([, state]) => state === "up")) continue;
    const known = [...new Set(partitions.map(([partition]) => partition))].join(", ");
    throw new LabError("unsupported", `the partition ${name} ${found.length === 0 ? "does not exist" : "is down"}`, {
      hint: `partitions here: ${known}; change the site profile`,
    });
  }
  const { command, versions } = await siteTrainer(site);
  const gpus = partitions.some(([, , , gres]) => gres?.includes("gpu")) ? "GPUs" : "no GPUs";
  const names = [...new Set(partitions.map(([partition]) => partition))].join(", ");
  return `Slurm ${version}, ${gpus}, partitions ${names}; trainer ${versions.trainer ?? versions.image ?? command.join(" ")}`;
}
