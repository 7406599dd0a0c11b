import { join } from "node:path";
import { shellWord } from "@blora/spec";
import { type ArrayOptions, commandLine, resourcesOf } from "./array-options.ts";

/** Seconds before the end of its time at which a job is asked to save. */
const NOTICE = 120;
/** Status of a command that was asked to stop. */
const TERMINATED = 143;

/**
 * A script for `sbatch`: an array task for each job. Near the end of its time a task is asked to save, by a signal of its
 * own, and queued again; so is one whose node fails. One that is cancelled saves and is not.
 *
 * @param logs folder of the log files, which are there under the index of their task
 */
export function slurmScript(options: ArrayOptions, logs: string): string {
  const { name, jobs, folder, atOnce } = options;
  const { threads, mebibytes } = resourcesOf(jobs);
  const settings = [
    `--job-name=${name}`,
    `--array=0-${jobs.length - 1}%${atOnce}`,
    `--cpus-per-task=${threads}`,
    ...(mebibytes === undefined ? [] : [`--mem=${mebibytes}M`]),
    "--requeue",
    "--open-mode=append",
    `--signal=B:USR1@${NOTICE}`,
    `--output=${shellWord(join(logs.replaceAll("%", "%%"), "slurm-%a.log"))}`,
  ];
  return `#!/bin/bash
${settings.map((setting) => `#SBATCH ${setting}\n`).join("")}
cd ${shellWord(folder)} || exit 1
job= asked= again=
ask() { if [ -n "$job" ]; then kill -TERM "$job"; else asked=1; fi; }
# Before the job is started: it would outlive a script that is asked to end meanwhile.
trap 'again=1; ask' USR1
trap ask TERM
${commandLine(options, '"$SLURM_ARRAY_TASK_ID"')} &
job=$!
if [ -n "$asked" ]; then kill -TERM "$job"; fi
wait "$job"
# A signal ends the first wait, not the job: it saves now.
while kill -0 "$job" 2>/dev/null; do
  wait "$job"
done
wait "$job"
status=$?
if [ "$status" -eq ${TERMINATED} ] && [ -n "$again" ]; then
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
fi
exit "$status"
`;
}
