/** What a running step says, one JSON line each (the trainer contract, docs/contract.md). */
export type StepEvent =
  | { readonly type: "progress"; readonly done: number; readonly total: number; readonly unit: string }
  | { readonly type: "metric"; readonly name: string; readonly value: number; readonly step: number }
  | { readonly type: "note"; readonly text: string }
  | { readonly type: "error"; readonly code: string; readonly message: string; readonly hint?: string };

/** Receives events; must not throw. */
export type Emit = (event: StepEvent) => void;
