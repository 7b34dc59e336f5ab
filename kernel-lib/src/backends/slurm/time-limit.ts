/**
 * Slurm's times in seconds: minutes, minutes:seconds, hours:minutes:seconds, days-hours, days-hours:minutes and
 * days-hours:minutes:seconds; undefined for anything else.
 */
export function seconds(text: string): number | undefined {
  const found = /^(?:(\d+)-)?(\d+)(?::(\d{1,2}))?(?::(\d{1,2}))?$/.exec(text);
  if (found === null) return undefined;
  const [days, a, b, c] = found.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  if (days !== undefined) return ((days * 24 + a!) * 60 + (b ?? 0)) * 60 + (c ?? 0);
  if (c !== undefined) return (a! * 60 + b!) * 60 + c;
  return a! * 60 + (b ?? 0);
}

/** Seconds as Slurm reads them, rounded up to minutes: it counts no less. */
export function timeLimit(secondsNeeded: number): string {
  const minutes = Math.max(1, Math.ceil(secondsNeeded / 60));
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:00`;
}
