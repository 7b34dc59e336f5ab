import { createRequire } from "node:module";
import type { MimeBundle } from "./nbformat.js";

/** A display as Jupyter's `display_data` carries it. */
export interface DisplayContent {
  readonly data: MimeBundle;
  readonly metadata: MimeBundle;
  readonly transient: { readonly display_id?: string };
}

/** The way to the notebook. */
export interface Channel {
  /**
   * Sends a display, in order with the other output of the cell that runs; `update` replaces the one of the same id, in whichever cell
   * that is. (An update sent on behalf of an earlier cell is dropped by clients that listen to the present one.)
   */
  send(content: DisplayContent, update: boolean): void;
  /** Keeps the cell open until a display of it is complete, in kernels that can. Never rejects, whatever the work does. */
  hold(work: Promise<unknown>): void;
}

interface TslabJupyter {
  readonly lastWriteDisplayData: Channel["send"] | null;
  /** Of our own kernel; tslab does not have it. */
  readonly holdCell?: (work: Promise<unknown>) => void;
}

let tslab: TslabJupyter | undefined;

/** The channel to the notebook; undefined outside one. */
export function openChannel(): Channel | undefined {
  tslab ??= loadedTslab();
  const kernel = tslab;
  if (kernel === undefined || kernel.lastWriteDisplayData === null) return undefined;
  return {
    send: (content, update) => kernel.lastWriteDisplayData?.(content, update),
    hold: (work) => kernel.holdCell?.(work.catch(() => {})),
  };
}

/** True in a notebook's kernel, once a cell has run. */
export function notebookListens(): boolean {
  return openChannel() !== undefined;
}

/** tslab's module in this process, whichever copy of tslab it was that started the kernel; it is never loaded from here. */
function loadedTslab(): TslabJupyter | undefined {
  const loaded = createRequire(import.meta.url).cache;
  const path = Object.keys(loaded).find((key) => /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(key));
  return path === undefined ? undefined : (loaded[path]?.exports as TslabJupyter);
}
