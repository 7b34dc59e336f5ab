import { createRequire } from "node:module";
import type { MimeBundle } from "./nbformat.js";

/** A display as Jupyter's `display_data` carries it. */
export interface DisplayContent {
  readonly data: MimeBundle;
  readonly metadata: MimeBundle;
  readonly transient: { readonly display_id?: string };
}

interface TslabJupyter {
  lastWriteDisplayData: ((content: DisplayContent, update: boolean) => void) | null;
}

let tslab: TslabJupyter | undefined;

/**
 * Sends a display to the notebook, in order with the cell's other output.
 *
 * @returns false outside a notebook.
 */
export function sendToNotebook(content: DisplayContent, update: boolean): boolean {
  tslab ??= loadedTslab();
  const write = tslab?.lastWriteDisplayData;
  if (write === undefined || write === null) return false;
  write(content, update);
  return true;
}

/** tslab's module in this process, whichever copy of tslab it was that started the kernel; it is never loaded from here. */
function loadedTslab(): TslabJupyter | undefined {
  const loaded = createRequire(import.meta.url).cache;
  const path = Object.keys(loaded).find((key) => /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(key));
  return path === undefined ? undefined : (loaded[path]?.exports as TslabJupyter);
}
