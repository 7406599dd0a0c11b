import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shellWord } from "@blora/spec";
import { describe, expect, test } from "vitest";
import { kubernetesJob, shellCommands, slurmScript } from "../src/index.ts";
import { jobs, options } from "./options.ts";

const LIST = `--list "results/it's here.json"`;
const jobOf = (index: string) => `npx -c ${shellWord(`exec blora job ${index} ${LIST}`)}`;
const hasShellcheck = spawnSync("shellcheck", ["--version"]).status === 0;
const hasBash = spawnSync("bash", ["--version"]).status === 0;
if (!hasBash) console.warn("bash is not installed: the script of Slurm, which runs in it, is not tried.");
if (!hasShellcheck) console.warn("shellcheck is not installed: scripts are not checked by it.");

test("a command for each job, in its folder", () => {
  expect(shellCommands(options)).toBe(
    `cd "/home/a user/work" && ${jobOf("0")}\ncd "/home/a user/work" && ${jobOf("1")}\n`,
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
#SBATCH --signal=B:USR1@120
#SBATCH --output=results/slurm-%a.log

cd "/home/a user/work" || exit 1
job= asked= again=
ask() { if [ -n "$job" ]; then kill -TERM "$job"; else asked=1; fi; }
# Before the job is started: it would outlive a script that is asked to end meanwhile.
trap 'again=1; ask' USR1
trap ask TERM
${jobOf('"$SLURM_ARRAY_TASK_ID"')} &
job=$!
if [ -n "$asked" ]; then kill -TERM "$job"; fi
wait "$job"
# A signal ends the first wait, not the job: it saves now.
while kill -0 "$job" 2>/dev/null; do
  wait "$job"
done
wait "$job"
status=$?
if [ "$status" -eq 143 ] && [ -n "$again" ]; then
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

  /** Runs the script of a job that saves when it is asked to, and asks its own script to stop. @returns what was told */
  function runScript(
    command: readonly string[],
    signal: string,
  ): { readonly status: number | null; readonly told: string } {
    const folder = mkdtempSync(join(tmpdir(), "blora-slurm-"));
    try {
      const file = (name: string, content: string) => writeFileSync(join(folder, name), content, { mode: 0o755 });
      // The script says where it is: between it and the job others may stand.
      const job = `trap 'sleep 0.3; echo saved >> told; exit 143' TERM; kill -${signal} $SCRIPT; while :; do sleep 0.05; done`;
      mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
      file("node_modules/.bin/job.sh", `#!/bin/sh\n${job}\n`);
      file("scontrol", '#!/bin/sh\necho "$@" >> told\n');
      const script = slurmScript({ ...options, command, folder }, "log").replace(/^#.*\n/, () => "export SCRIPT=$$\n");
      const env = { PATH: `${folder}:${process.env.PATH}`, SLURM_ARRAY_JOB_ID: "7", SLURM_ARRAY_TASK_ID: "1" };
      const { status } = spawnSync("bash", ["-c", script], { cwd: folder, env, timeout: 20_000 });
      return { status, told: readFileSync(join(folder, "told"), "utf8") };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  describe.skipIf(!hasBash).each([
    ["a program", ["sh", "node_modules/.bin/job.sh"]],
    ["npx", ["npx", "job.sh"]],
  ])("of %s", { timeout: 30_000 }, (_, command) => {
    test("passes the end of its time on, waits until the job has saved, and has itself queued again", () => {
      expect(runScript(command, "USR1")).toEqual({ status: 143, told: "saved\nrequeue 7_1\n" });
    });

    test("passes on that it is cancelled, waits until the job has saved, and ends", () => {
      expect(runScript(command, "TERM")).toEqual({ status: 143, told: "saved\n" });
    });
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
              command: ["sh", "-c", `exec ${jobOf('"$JOB_COMPLETION_INDEX"')}`],
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
