export { type ArrayOptions, DO_NOT_RETRY } from "./array-options.ts";
export { type JobList, parseJobList, writeJobList } from "./job-list.ts";
export { type KubernetesOptions, kubernetesJob } from "./kubernetes-job.ts";
export { shellCommands } from "./shell-commands.ts";
export { slurmScript } from "./slurm-script.ts";
