/** What each command is for, in the order of `ilr --help`: all that is known of commands before the code of one is loaded. */
export const about = {
  plan: "list the steps of an experiment, which of them are in the store, and what the others would cost",
  run: "run an experiment; steps that are in the store are not run again",
  human: "compare answers yourself, on a page of this machine; the run goes on with what you say",
  bases: "pretrain the base models of an experiment",
  results: "list the runs in results/ and out/; of one experiment: print its tables",
  record: "compute the runs that results/ holds; finished steps are kept, so that it goes on where it was stopped",
  explain: "say why a step would run: which field of which input changed",
  gc: "remove from the store what no run in results/ or out/ needs",
  verify: "check every file of the store, or (results) compute a recorded number again and compare",
  notebook: "work with notebooks",
  report: "make one page of executed notebooks: figures, tables, claims and where the numbers come from",
  kernel: "the notebook kernel for JupyterLab and VS Code",
  backend: "who runs the steps",
  status: "list the containers and Slurm jobs that run steps: state, age, and whether somebody follows them",
  stop: "stop and remove containers and Slurm jobs of steps; what they computed is lost",
  reap: "remove containers and jobs of steps that nobody will ask for; what a living process follows is never touched",
  images: "the images that steps run in",
  list: "list the experiments: what of the paper each is, its profiles, what is recorded, what it needs",
  tasks: "list the tasks and how many questions each has",
  data: "fetch, check and find the data sets of the paper's experiments",
  publish: "push models, labels and records of a run to the Hugging Face Hub; without --execute only say what would go",
  export: "write a model for other programs",
  "diff-preset": "show in which fields two experiments differ, such as gsm8k/main@paper and gsm8k/main@micro",
} as const;

/** A command of `ilr`, as it is called. */
export type CommandName = keyof typeof about;
