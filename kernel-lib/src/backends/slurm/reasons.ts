/** Why jobs wait, in Slurm's words, where waiting is in vain. */
interface Problem {
  readonly message: string;
  readonly hint: string;
}

const PROFILE = "change the site profile (docs/slurm.md), then run it again";

const problems: readonly (readonly [RegExp, Problem])[] = [
  [
    /^PartitionTimeLimit/,
    {
      message: "it asks for more time than its partition allows",
      hint: `lower "time": ${PROFILE}; \`sinfo -o "%P %l"\` shows the limits`,
    },
  ],
  [/^PartitionNodeLimit/, { message: "its partition does not give that many nodes", hint: PROFILE }],
  [
    /^(PartitionConfig|BadConstraints)/,
    {
      message: "no node of its partition has what it asks for",
      hint: `ask for fewer cores, less memory or fewer GPUs: ${PROFILE}; \`sinfo -o "%P %c %m %G"\` shows what nodes have`,
    },
  ],
  [
    /^(InvalidAccount|AccountNotAllowed|Account)$/,
    { message: "its account may not be used here", hint: `set "account": ${PROFILE}` },
  ],
  [
    /^(InvalidQOS|QOSNotAllowed|QOS)$/,
    { message: "its quality of service may not be used here", hint: `set "qos": ${PROFILE}` },
  ],
  [/^DependencyNeverSatisfied/, { message: "somebody made it wait for a job that has failed", hint: "run it again" }],
  // Limits of one job; those of users and groups pass by themselves.
  [
    /^(QOS|Assoc)Max\w*(PerJob|PerNode|WallDuration|PerJobLimit)/,
    { message: "it asks for more than one job may have", hint: PROFILE },
  ],
];

/** What keeps a job from ever starting; undefined where waiting may help. */
export function impossibility(reason: string): Problem | undefined {
  return problems.find(([pattern]) => pattern.test(reason))?.[1];
}
