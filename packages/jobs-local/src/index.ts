export { type LocalJobsOptions, localJobs } from "./local-jobs.ts";
