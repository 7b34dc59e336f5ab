/** How a plan writes amounts. */
const UNITS = ["", "k", "M", "G", "T", "P", "E", "Z"] as const;

/**
 * A number with three digits and a unit; a dash for what is not known.
 *
 * @example
 * formatAmount(1.23e18); // "1.23E"
 */
export function formatAmount(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "-";
  if (value < 999.5) return String(Number(value.toPrecision(3)));
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Number(value.toPrecision(3))) / 3));
  return `${(value / 1000 ** power).toPrecision(3)}${UNITS[power]}`;
}

/** Bytes, such as "13.5 GB". */
export function formatBytes(bytes: number | undefined): string {
  const text = formatAmount(bytes === undefined ? undefined : Math.round(bytes));
  if (text === "-") return text;
  return /[a-zA-Z]$/.test(text) ? `${text.slice(0, -1)} ${text.at(-1)}B` : `${text} B`;
}

/** Hours of a device, such as "0.02" or "1,240". */
export function formatHours(hours: number): string {
  if (hours >= 100) return Math.round(hours).toLocaleString("en-US");
  return String(Number(hours.toPrecision(2)));
}

/** A ratio, such as "1.8x"; a dash where there is nothing to compare with. */
export function formatRatio(ratio: number): string {
  return Number.isFinite(ratio) ? `${Number(ratio.toPrecision(3))}x` : "-";
}
