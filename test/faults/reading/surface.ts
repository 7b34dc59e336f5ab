import type fc from "fast-check";
import type { Files } from "./damage.js";

/** One kind of input that comes from outside, and what reads it. */
export interface Surface {
  /** In the words of docs/reliability.md. */
  readonly name: string;
  /** Files that a folder is filled with. */
  readonly files: fc.Arbitrary<Files>;
  /** Reads the folder as the kit does. Resolves, or rejects with a LabError; anything else is a defect. */
  readonly read: (folder: string) => Promise<unknown>;
  /** Inputs of the short and of the long form. */
  readonly tries: readonly [short: number, long: number];
  /** Defects that were found here, as docs/reliability.md names them. */
  readonly mended?: readonly string[];
}
