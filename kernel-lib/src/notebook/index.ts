export {
  type DisplayOptions,
  display,
  displayLive,
  type LiveDisplay,
  type Markdown,
  markdown,
  type Rendered,
  render,
} from "./display.js";
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
  type CellProgress,
  NotebookError,
  type NotebookRun,
  type RunNotebookOptions,
  runNotebook,
} from "./run-notebook.js";
