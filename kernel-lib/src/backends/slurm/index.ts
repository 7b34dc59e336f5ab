export { examineSlurm } from "./examine.js";
export { listStepJobs, reapJobs, type StepJob, stopJobs } from "./jobs.js";
export { parseSite, readSite, type Site, type SiteInput } from "./site.js";
export { isSlurmHere, type SlurmOptions, slurmBackend } from "./slurm.js";
