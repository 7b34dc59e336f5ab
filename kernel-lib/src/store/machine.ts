import { availableParallelism, cpus, totalmem } from "node:os";
import { z } from "zod";

export const machineSchema = z.object({
  cpu: z.string(),
  cores: z.number(),
  memoryBytes: z.number(),
  platform: z.string(),
});

/** What computed a record, for people who compare times; no names of hosts or users. */
export type Machine = z.infer<typeof machineSchema>;

/** This machine. `cores` are those that this process may use. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform}-${process.arch}`,
  };
}
