import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { kubernetesJob, shellCommands, slurmScript } from "../src/index.ts";
import { jobs, options } from "./options.ts";

const JOB = "npx blora job";
const LIST = "--list 'results/it'\\''s here.json'";
const hasShellcheck = spawnSync("shellcheck", ["--version"]).status === 0;
const hasBash = spawnSync("bash", ["--version"]).status === 0;
if (!hasBash) console.warn("bash is not installed: the script of Slurm, which runs in it, is not tried.");
if (!hasShellcheck) console.warn("shellcheck is not installed: scripts are not checked by it.");

test("a command for each job, in its folder", () => {
  expect(shellCommands(options)).toBe(
    `cd '/home/a user/work' && ${JOB} 0 ${LIST}\ncd '/home/a user/work' && ${JOB} 1 ${LIST}\n`,
  );
});

describe("the script of Slurm", () => {
  test("is an array with what the largest job needs", () => {
    expect(slurmScript(options, "results")).toBe(`#!/bin/bash
#SBATCH --job-name=blora-results
#SBATCH --array=0-1%8
#SBATCH --cpus-per-task=2
#SBATCH --mem=1792M
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@120
#SBATCH --output=results/slurm-%a.log

cd '/home/a user/work' || exit 1
job= asked=
# Before the job is started: it would outlive a script that is asked to end meanwhile.
trap 'if [ -n "$job" ]; then kill -TERM "$job"; else asked=1; fi' TERM
${JOB} "$SLURM_ARRAY_TASK_ID" ${LIST} &
job=$!
if [ -n "$asked" ]; then kill -TERM "$job"; fi
wait "$job"
status=$?
# A signal ends the first wait, not the job: it saves now.
while kill -0 "$job" 2>/dev/null; do
  wait "$job"
  status=$?
done
if [ "$status" -eq 143 ]; then
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
fi
exit "$status"
`);
  });

  test("writes logs into a folder of any name", () => {
    expect(slurmScript(options, "50% done")).toContain("#SBATCH --output='50%% done/slurm-%a.log'\n");
  });

  test("asks for no memory where a job does not say", () => {
    const unknown = jobs.map((job) => ({ ...job, needs: { ...job.needs, memoryBytes: 0 } }));
    expect(slurmScript({ ...options, jobs: unknown }, "log")).not.toContain("--mem");
  });

  test.skipIf(!hasShellcheck)("passes shellcheck", () => {
    const { stdout, status } = spawnSync("shellcheck", ["-"], { input: slurmScript(options, "log"), encoding: "utf8" });
    expect([status, stdout]).toEqual([0, ""]);
  });

  test.skipIf(!hasBash)("passes a signal on, waits until the job has saved, and has itself queued again", () => {
    const folder = mkdtempSync(join(tmpdir(), "blora-slurm-"));
    try {
      // Asks its parent, the script, to stop as Slurm does, and saves; and what Slurm's own command was told.
      const job = `trap 'echo saved >> told; exit 143' TERM; kill -TERM $PPID; while :; do sleep 0.05; done`;
      writeFileSync(join(folder, "job.sh"), job);
      writeFileSync(join(folder, "scontrol"), '#!/bin/sh\necho "$@" >> told\n', { mode: 0o755 });
      const script = slurmScript({ ...options, command: ["sh", "job.sh"], folder }, "log");
      const env = { PATH: `${folder}:${process.env.PATH}`, SLURM_ARRAY_JOB_ID: "7", SLURM_ARRAY_TASK_ID: "1" };
      const { status } = spawnSync("bash", ["-c", `${script.replace(/^#.*\n/, "")}`], { cwd: folder, env });
      expect(status).toBe(143);
      const told = spawnSync("cat", ["told"], { cwd: folder, encoding: "utf8" }).stdout;
      expect(told).toBe("saved\nrequeue 7_1\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("the manifest of Kubernetes is an Indexed Job that tries no wrong configuration again", () => {
  const manifest = JSON.parse(kubernetesJob({ ...options, image: "registry/blora:1", claim: "work" }));
  expect(manifest).toEqual({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "blora-results" },
    spec: {
      completionMode: "Indexed",
      completions: 2,
      parallelism: 2,
      backoffLimitPerIndex: 6,
      maxFailedIndexes: 2,
      podFailurePolicy: {
        rules: [
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget" }] },
          { action: "FailIndex", onExitCodes: { operator: "In", values: [42] } },
        ],
      },
      template: {
        spec: {
          restartPolicy: "Never",
          terminationGracePeriodSeconds: 120,
          containers: [
            {
              name: "blora-results",
              image: "registry/blora:1",
              workingDir: "/home/a user/work",
              command: ["sh", "-c", `exec ${JOB} "$JOB_COMPLETION_INDEX" ${LIST}`],
              resources: { requests: { cpu: "2", memory: "1792Mi" }, limits: { memory: "1792Mi" } },
              volumeMounts: [{ name: "shared", mountPath: "/home/a user/work" }],
            },
          ],
          volumes: [{ name: "shared", persistentVolumeClaim: { claimName: "work" } }],
        },
      },
    },
  });
});
