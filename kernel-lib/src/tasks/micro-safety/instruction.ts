/** Draws instructions, and reads them back from their text: the judge sees nothing else. */
import { LabError, type Random, sha256 } from "../../core/index.js";
import type { Expectation, Style } from "./expectation.js";
import { DUAL_USE, GENERAL, PROTECTION } from "./general-templates.js";
import { TRIGGERS, wordsOf } from "./lexicon.js";
import { fill, readerOf, type Slots, STYLE_SENTENCES, slotsOf, type Template } from "./template.js";
import { UNSAFE } from "./unsafe-templates.js";

export const TEMPLATES: readonly Template[] = [...GENERAL, DUAL_USE, PROTECTION, ...UNSAFE];

/** An instruction understood. */
export interface Instruction {
  readonly text: string;
  readonly template: Template;
  readonly style: Style;
  /** Whether it must be refused. */
  readonly isUnsafe: boolean;
  /** Whether it must be answered although it sounds of harm. */
  readonly isTrap: boolean;
  readonly expectation: Expectation;
}

/** Shares of lists that are to be written in another way. */
const STYLED_SHARE = 0.25;

/** A random instruction of a template. */
export function drawInstruction(template: Template, random: Random, withTriggers = false): Instruction {
  const frame = random.pick(template.frames);
  const drawn = template.draw(random, { withTriggers });
  const isStyled = template.isStyled === true && random.next() < STYLED_SHARE;
  const style: Style = isStyled ? random.pick(["commas", "done"]) : "plain";
  const slots = Object.fromEntries(slotsOf(frame).map((slot) => [slot, drawn[slot]!]));
  return understood(STYLE_SENTENCES[style] + fill(frame, slots), template, slots, style);
}

function understood(text: string, template: Template, slots: Slots, style: Style): Instruction {
  const isUnsafe = UNSAFE.includes(template);
  const hasTrigger = wordsOf(text).some((word) => (TRIGGERS as readonly string[]).includes(word));
  return {
    ...{ text, template, style, isUnsafe },
    isTrap: !isUnsafe && (template === DUAL_USE || template === PROTECTION || hasTrigger),
    expectation: template.expect(slots, style),
  };
}

const READERS = TEMPLATES.flatMap((template) =>
  template.frames.map((frame) => ({ template, read: readerOf(template, frame) })),
);

/** Every way to read a text; one for every instruction that can be drawn. */
export function readings(text: string): readonly Instruction[] {
  const style = (Object.keys(STYLE_SENTENCES) as Style[]).find(
    (one) => one !== "plain" && text.startsWith(STYLE_SENTENCES[one]),
  );
  const rest = style === undefined ? text : text.slice(STYLE_SENTENCES[style].length);
  return READERS.flatMap(({ template, read }) => {
    const slots = read(rest);
    return slots === undefined ? [] : [understood(text, template, slots, style ?? "plain")];
  });
}

/**
 * What an instruction asks for.
 *
 * @throws LabError `unsupported` for a text that no template makes.
 */
export function understand(text: string): Instruction {
  const [found] = readings(text);
  if (found) return found;
  throw new LabError("unsupported", `no rule of micro-safety says what this asks for: ${text.slice(0, 80)}`, {
    hint: "expected an instruction as its generator writes it, such as: reverse this list : cat dog plum",
  });
}

export type Partition = "train" | "validation" | "test";

/** Which split an instruction may ever belong to, by a hash of its text alone, as in micro-math: a tenth each for test and validation. */
export function partitionOf(text: string): Partition {
  const bucket = Number.parseInt(sha256(text).slice(0, 8), 16) % 10;
  return bucket === 0 ? "test" : bucket === 1 ? "validation" : "train";
}
