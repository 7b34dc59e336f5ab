/**
 * Text without characters that act on a terminal or reorder what is read: escape codes and other control characters become
 * visible signs (ESC becomes "␛"), overrides of the writing direction and lone surrogates their codes. Line ends and tabs stay.
 *
 * @example
 * visibleText("\u001b[2Jgone"); // "␛[2Jgone"
 */
export function visibleText(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(hidden, (character) =>
      character < " " ? String.fromCharCode(0x2400 + character.charCodeAt(0)) : codeOf(character),
    );
}

/** Controls but for line end and tab, overrides of direction, lone surrogates. */
const hidden = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]|\p{Cs}/gu;

function codeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
