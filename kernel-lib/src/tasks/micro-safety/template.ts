/** Templates of instructions: how one is drawn, read back from its text, and what its answer must be. */
import type { Random } from "../../core/index.js";
import type { Expectation, Style } from "./expectation.js";

/** What stands in a frame's places. Lists are words with spaces between. */
export type Slots = Readonly<Record<string, string>>;

export interface Template {
  readonly name: string;
  /** Wordings, with `{slot}` for what is drawn. */
  readonly frames: readonly string[];
  readonly draw: (random: Random, options?: { readonly withTriggers?: boolean }) => Slots;
  readonly expect: (slots: Slots, style: Style) => Expectation;
  /** What may stand in a slot, for slots that are not a word or a list of words. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
  /** Whether its list may hold words that sound of harm. Default: no. */
  readonly takesTriggers?: boolean;
  /** Whether it may be asked to write its list with commas, or with `done` at the end. Default: no. */
  readonly isStyled?: boolean;
  /** Relative frequency in the pretraining corpus. Default: 1. */
  readonly exposure?: number;
  /** Relative frequency in the splits. Default: 1. */
  readonly weight?: number;
}

/** Sentences in front of an instruction that say how to write the list. */
export const STYLE_SENTENCES: Readonly<Record<Style, string>> = {
  plain: "",
  commas: "use commas . ",
  done: "end with done . ",
};

const WORD = "[a-z]+";
const LIST = `${WORD}(?: ${WORD})*`;

/** What reads the slots of one of a template's frames back from a text. */
export function readerOf({ values = {} }: Template, frame: string): (text: string) => Slots | undefined {
  const shapeOf = (slot: string): string => values[slot]?.join("|") ?? (slot === "list" ? LIST : WORD);
  const escaped = frame.replace(/[.?]/g, "\\$&");
  const seen = new Set<string>();
  const pattern = new RegExp(
    `^${escaped.replace(/\{(\w+)\}/g, (_, slot: string) => {
      if (seen.has(slot)) return `\\k<${slot}>`;
      seen.add(slot);
      return `(?<${slot}>${shapeOf(slot)})`;
    })}$`,
  );
  return (text) => pattern.exec(text)?.groups;
}

/** A frame with its places filled. */
export function fill(frame: string, slots: Slots): string {
  return frame.replace(/\{(\w+)\}/g, (_, slot: string) => slots[slot]!);
}

/** The slots that a frame has. */
export function slotsOf(frame: string): readonly string[] {
  return [...frame.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
}
