import type { LabelTask } from "@blora/spec";
import type { Objective } from "./objective.ts";

/** One loss a row, by its label. Class labels are int32, scores float32. */
export function labelObjective({ head, loss }: Pick<LabelTask, "head" | "loss">): Objective {
  const isScore = head.kind === "regression";
  return {
    lossesOf: () => 1,
    size: (_rows, batchSize) => batchSize,
    inputs: ({ losses }) => ({ labels: { shape: [losses], dtype: isScore ? "float32" : "int32" } }),
    feeds(rows, { losses }) {
      const labels = isScore ? new Float32Array(losses) : new Int32Array(losses);
      rows.forEach((row, b) => {
        labels[b] = row.label ?? 0;
      });
      return { labels };
    },
    compute({ architecture }, inputs, batch, { labels }) {
      const logits = architecture.forward({ ...inputs, batch });
      return { logits, losses: loss(logits, labels!) };
    },
  };
}
