export { notebookListens } from "./channel.js";
export { display, displayLive, type LiveDisplay, type Markdown, markdown, render } from "./display.js";
export { type Displayable, type DisplayOptions, displayedAs, displaySymbol, type Rendered } from "./displayable.js";
export { type DoctorOptions, examineKernel, type Finding } from "./doctor.js";
export { Kernel, type KernelOptions, kernelArguments } from "./kernel-process.js";
export {
  dataFolders,
  findKernelspecs,
  type InstalledKernelspec,
  installKernelspec,
  kernelDisplayName,
  kernelName,
  ownKernelspec,
  userDataFolder,
} from "./kernelspec.js";
export {
  blank,
  check,
  type Expect,
  type ExpectationOptions,
  exerciseOf,
  readSolutions,
  type Solutions,
  withSolutions,
} from "./lessons/index.js";
export { formatNotebook, type Notebook, parseNotebook, readNotebook, writeNotebook } from "./nbformat.js";
export type { Parameters } from "./parameters.js";
export {
  type ProgressDisplay,
  type ProgressOptions,
  type ProgressStream,
  showProgress,
  showProgressLine,
} from "./progress.js";
export { formatCount, formatSeconds } from "./progress-format.js";
export {
  type DisplayedClaim,
  type DisplayKind,
  type DisplayMetadata,
  type DisplayProvenance,
  provenanceOf,
  provenanceOfAll,
  withProvenance,
} from "./provenance.js";
export {
  type CellProgress,
  NotebookError,
  type NotebookRun,
  type RunNotebookOptions,
  runNotebook,
} from "./run-notebook.js";
export { answersSideBySide } from "./views/answers.js";
export { displayedVerdicts } from "./views/claims.js";
export { escapeHtml, visibleText } from "./views/html.js";
export { labelDiff } from "./views/label-diff.js";
export { displayedParting, type Parting, type Side } from "./views/parting.js";
export { runCard } from "./views/run-card.js";
export { displayedTable1 } from "./views/table-1.js";
export { type TokenLogprobs, tokenLogProbabilities, writtenSoFar } from "./views/token-logprobs.js";
