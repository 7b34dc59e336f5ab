/**
 * A value as an error message shows it: its JSON, cut where it is long. What came from outside may be as long and as deep as it likes.
 *
 * @param most characters before it is cut.
 * @example
 * shown({ a: [1] }); // '{"a":[1]}'
 * shown("x".repeat(1000)).length; // 101
 */
export function shown(value: unknown, most = 100): string {
  const text = jsonOf(value);
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** Whether lists and objects lie in each other deeper than `levels`: whoever walks through such a value needs as much stack. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // Deeper than the stack, or with itself inside.
    return "something that no JSON can show";
  }
}
