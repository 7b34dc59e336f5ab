/** How long things may take, in ms; tests are in more of a hurry than clusters. */
export interface Pace {
  /** Between two looks at a job's files. */
  readonly tickMs: number;
  /** Between two questions to the controller, for all jobs together. */
  readonly pollMs: number;
  /** How late a file may be seen here that a node wrote. */
  readonly graceMs: number;
  /** How long the controller may be away while nothing else is heard of a job. */
  readonly patienceMs: number;
  /** How long a job may say that it can never start, before it is believed. */
  readonly impossibleMs: number;
  /** Without a sign of life for so long, a job that Slurm does not know is dead. */
  readonly silenceMs: number;
  /** After so long in the queue, the reason is told. */
  readonly noticeMs: number;
}

/** What suits a cluster that many people use. */
export const PACE: Pace = {
  tickMs: 1000,
  pollMs: 10_000,
  graceMs: 45_000,
  patienceMs: 600_000,
  impossibleMs: 60_000,
  silenceMs: 180_000,
  noticeMs: 60_000,
};
