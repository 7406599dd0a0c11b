export { type GlueComponent, type GlueOptions, glue } from "./glue.ts";
export type { GlueSplit } from "./load.ts";
export { glueSubmission } from "./submission.ts";
export { type GlueTask, type GlueTaskName, glueTaskNames, glueTasks, type MetricName } from "./tasks.ts";
