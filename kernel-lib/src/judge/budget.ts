import { LabError } from "../core/index.js";
import type { ServerSettings } from "./settings.js";

/** What calls have cost. */
export interface Spent {
  /** Requests sent, the failed ones included. */
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** By the user's prices; undefined without prices. */
  readonly usd: number | undefined;
}

/** Tokens of one answer, as the server counts them. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface Budget {
  /** Counts a call that is about to be sent. @throws LabError `budget-exhausted` if it may not be. */
  take(): void;
  /** Counts the tokens of an answer. @throws LabError `unsupported` if the budget needs them and the server does not tell. */
  add(usage: Usage | undefined): void;
  spent(): Spent;
}

/**
 * Keeps spending within a cap. Calls are counted before they are sent, so that their cap holds exactly; what a call costs in tokens is
 * known only afterwards, so that these caps can be overrun by the calls in flight (`maxConcurrent` of them).
 */
export function openBudget({ budget, prices }: Pick<ServerSettings, "budget" | "prices">): Budget {
  let [calls, inputTokens, outputTokens] = [0, 0, 0];
  const spent = (): Spent => ({
    calls,
    inputTokens,
    outputTokens,
    usd: prices && (inputTokens * prices.input + outputTokens * prices.output) / 1e6,
  });
  const exceeded = (): string | undefined => {
    const { usd = 0 } = spent();
    const tokens = inputTokens + outputTokens;
    if (budget.calls !== undefined && calls >= budget.calls) return `${calls} of ${budget.calls} calls`;
    if (budget.tokens !== undefined && tokens >= budget.tokens) return `${tokens} of ${budget.tokens} tokens`;
    if (budget.usd !== undefined && usd >= budget.usd) return `${usd.toFixed(4)} of ${budget.usd} US dollars`;
    return undefined;
  };
  return {
    take: () => {
      const what = exceeded();
      if (what !== undefined) throw new LabError("budget-exhausted", `the budget is spent: ${what}`);
      calls++;
    },
    add: (usage) => {
      if (usage !== undefined) {
        inputTokens += usage.inputTokens;
        outputTokens += usage.outputTokens;
      } else if (budget.tokens !== undefined || budget.usd !== undefined) {
        throw new LabError("unsupported", "the server does not say how many tokens it used; the budget counts tokens", {
          hint: "give the budget in calls: budget: { calls: 1000 }",
        });
      }
    },
    spent,
  };
}
