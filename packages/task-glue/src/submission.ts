import type { Submission } from "@blora/spec";
import { SCORE_RANGE } from "./labels.ts";
import { outputsPerRow, predictionsFromLogits } from "./score.ts";
import { type GlueTask, type GlueTaskName, glueTasks } from "./tasks.ts";

/** Tasks whose submission gives class names; the others give class numbers. */
const BY_NAME: readonly GlueTaskName[] = ["mnli", "qnli", "rte", "ax"];

/**
 * What GLUE's server wants for the test splits of a task: `index<TAB>prediction`, classes by name for the inference
 * tasks but WNLI, scores clipped to 0 to 5 with three decimals.
 */
export function glueSubmission(name: GlueTaskName): Submission {
  const task = glueTasks[name];
  return {
    splits: Object.keys(task.rows).filter((split) => split.startsWith("test")),
    fileName: (split) => (split === "test_mismatched" ? task.submission.replace("-m", "-mm") : task.submission),
    content: (logits) => {
      const predictions = predictionsFromLogits(task, logits).slice(0, logits.length / outputsPerRow(task));
      const rows = predictions.map((prediction, index) => `${index}\t${answer(name, task, prediction)}`);
      return `${["index\tprediction", ...rows].join("\n")}\n`;
    },
  };
}

function answer(name: GlueTaskName, task: GlueTask, prediction: number): string {
  if (task.head.kind !== "classification") {
    return Math.max(SCORE_RANGE[0], Math.min(SCORE_RANGE[1], prediction)).toFixed(3);
  }
  return BY_NAME.includes(name) ? task.head.labels[prediction]! : String(prediction);
}
