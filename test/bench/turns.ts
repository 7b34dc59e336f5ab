/** This process's side of a turn: answers each line of standard input, and measures itself. */
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Turn } from "./contestant.js";

/** Memory of this process, MB (10^6 bytes): now, and the most since the last `forgetPeak`. */
export function memory(): { readonly now: number; readonly peak: number } {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    const of = (name: string): number => Number(status.match(new RegExp(`${name}:\\s+(\\d+) kB`))![1]) * 1.024e-3;
    return { now: of("VmRSS"), peak: of("VmHWM") };
  } catch {
    return { now: process.memoryUsage().rss / 1e6, peak: process.resourceUsage().maxRSS * 1.024e-3 };
  }
}

/** The peak counts from now on, where the system allows it. */
function forgetPeak(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // Then it is the most that there ever was.
  }
}

/** Does it and measures it. */
export async function turn<T extends object>(work: () => Promise<T>): Promise<Turn & T> {
  forgetPeak();
  const { now: before } = memory();
  const [start, cpuStart] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const wall = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuStart);
  return { wall, cpu: (user + system) / 1e6, before, peak: memory().peak, ...result };
}

/** Answers each line of standard input until it ends. */
export async function answerLines(answer: (message: never) => Promise<object>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as never))}\n`);
  }
}
