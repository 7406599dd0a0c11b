import { SCORE_RANGE } from "./labels.ts";
import { outputsPerRow, predictionsFromLogits } from "./score.ts";
import { type GlueTask, type GlueTaskName, glueTasks } from "./tasks.ts";

/** A file for GLUE's evaluation server. */
export interface Submission {
  readonly fileName: string;
  readonly content: string;
}

/** Tasks whose submission gives class names; the others give class numbers. */
const BY_NAME: readonly GlueTaskName[] = ["mnli", "qnli", "rte", "ax"];

/**
 * What GLUE's server wants for a test split: `index<TAB>prediction`, classes by
 * name for the inference tasks, scores clipped to 0 to 5.
 *
 * @param logits row-major [rows, C], in the order of the test file
 * @param split `test_mismatched` for MNLI's second file
 */
export function glueSubmission(name: GlueTaskName, logits: Float32Array, split = "test"): Submission {
  const task = glueTasks[name];
  const predictions = predictionsFromLogits(task, logits).slice(0, logits.length / outputsPerRow(task));
  const rows = predictions.map((prediction, index) => `${index}\t${answer(name, task, prediction)}`);
  return {
    fileName: split === "test_mismatched" ? task.submission.replace("-m", "-mm") : task.submission,
    content: `${["index\tprediction", ...rows].join("\n")}\n`,
  };
}

function answer(name: GlueTaskName, task: GlueTask, prediction: number): string {
  if (task.head.kind !== "classification") {
    return Math.max(SCORE_RANGE[0], Math.min(SCORE_RANGE[1], prediction)).toFixed(3);
  }
  return BY_NAME.includes(name) ? task.head.labels[prediction]! : String(prediction);
}
