/** Names of variables that hold tokens of the Hub and of trackers: steps that may reach the network get them, others do not. */
export const SECRET_NAMES = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "WANDB_API_KEY"] as const;

/** How other secrets are called: keys of judges, of clouds, of registries. No trainer needs them. */
const SECRET_LIKE = /(?:^|_)(?:TOKEN|API_?KEY|ACCESS_KEY|SECRET|SECRET_KEY|PASSWORD|PASSWD)$/i;
/** Shorter values would hide words that mean nothing. */
const SHORTEST = 8;

/** The tokens of an environment that steps may be given, by name. */
export function secretsOf(env: NodeJS.ProcessEnv = process.env): Readonly<Record<string, string>> {
  return Object.fromEntries(SECRET_NAMES.flatMap((name): [string, string][] => (env[name] ? [[name, env[name]]] : [])));
}

/** Everything that must not be seen in what a trainer says: the values of all secrets of an environment, given to it or not. */
export function hiddenTexts(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const others = Object.entries(env).flatMap(([name, value = ""]) =>
    SECRET_LIKE.test(name) && value.length >= SHORTEST ? [value] : [],
  );
  return [...new Set([...Object.values(secretsOf(env)), ...others])];
}

/** An environment without its secrets. */
export function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = new Set<string>(SECRET_NAMES);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name) && !SECRET_LIKE.test(name)));
}
