import { type ArrayOptions, commandLine, DO_NOT_RETRY, resourcesOf } from "./array-options.ts";

export interface KubernetesOptions extends ArrayOptions {
  /** Container image that has the command. */
  readonly image: string;
  /** Persistent volume claim, mounted at `folder`: what all jobs read and write. */
  readonly claim: string;
}

/** Attempts of a job, but for those that the cluster itself ended. */
const ATTEMPTS = 6;
/** Seconds to save in. */
const GRACE = 120;

/**
 * A manifest for `kubectl apply`, as JSON: an Indexed Job with an index for each job. A pod that the cluster takes away
 * costs no attempt; a job that every attempt would fail at is not tried again, and keeps no other from being done.
 */
export function kubernetesJob(options: KubernetesOptions): string {
  const { name, jobs, folder, atOnce, image, claim } = options;
  const { threads, mebibytes } = resourcesOf(jobs);
  const resources = { cpu: String(threads), ...(mebibytes !== undefined && { memory: `${mebibytes}Mi` }) };
  const manifest = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: {
      completionMode: "Indexed",
      completions: jobs.length,
      parallelism: Math.min(atOnce, jobs.length),
      backoffLimitPerIndex: ATTEMPTS,
      maxFailedIndexes: jobs.length,
      podFailurePolicy: {
        rules: [
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget" }] },
          { action: "FailIndex", onExitCodes: { operator: "In", values: [DO_NOT_RETRY] } },
        ],
      },
      template: {
        spec: {
          restartPolicy: "Never",
          terminationGracePeriodSeconds: GRACE,
          containers: [
            {
              name,
              image,
              workingDir: folder,
              command: ["sh", "-c", `exec ${commandLine(options, '"$JOB_COMPLETION_INDEX"')}`],
              resources: {
                requests: resources,
                ...(mebibytes !== undefined && { limits: { memory: resources.memory } }),
              },
              volumeMounts: [{ name: "shared", mountPath: folder }],
            },
          ],
          volumes: [{ name: "shared", persistentVolumeClaim: { claimName: claim } }],
        },
      },
    },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
