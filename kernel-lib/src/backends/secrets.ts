/** Names of variables that hold tokens: only steps that may reach the network get them. */
export const SECRET_NAMES = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "WANDB_API_KEY"] as const;

/** The tokens of an environment, by name. */
export function secretsOf(env: NodeJS.ProcessEnv = process.env): Readonly<Record<string, string>> {
  return Object.fromEntries(SECRET_NAMES.flatMap((name): [string, string][] => (env[name] ? [[name, env[name]]] : [])));
}

/** An environment without its tokens. */
export function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = new Set<string>(SECRET_NAMES);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
}
