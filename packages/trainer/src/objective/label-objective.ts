import type { EncodedExample, LabelTask } from "@blora/spec";
import { ops } from "@blora/tensor";
import { likelihoodObjective } from "./likelihood-objective.ts";
import type { Objective } from "./objective.ts";

/** One loss a row, by its label. A class is int32, a score or a 0 or 1 for each class float32. */
export function labelObjective({ head, loss }: Pick<LabelTask, "head" | "loss">): Objective {
  const isClass = head.kind === "classification" && head.several !== true;
  const columns = head.kind === "classification" && head.several === true ? [head.labels.length] : [];
  const [width = 1] = columns;
  return {
    lossesOf: () => 1,
    size: (_rows, batchSize) => batchSize,
    inputs: ({ losses }) => ({ labels: { shape: [losses, ...columns], dtype: isClass ? "int32" : "float32" } }),
    feeds(rows, { losses }) {
      const labels = isClass ? new Int32Array(losses) : new Float32Array(losses * width);
      rows.forEach((row, b) => {
        labels.set(labelsOf(row), b * width);
      });
      return { labels };
    },
    compute({ architecture }, inputs, batch, { labels }) {
      const logits = architecture.forward({ ...inputs, batch });
      return { logits, losses: loss(logits, labels!) };
    },
  };
}

/** One loss for each target token, by its class. */
export function tokenObjective({ loss }: Pick<LabelTask, "loss">): Objective {
  return {
    lossesOf: likelihoodObjective.lossesOf,
    size: likelihoodObjective.size,
    inputs: ({ losses }) => ({
      positions: { shape: [losses], dtype: "int32" },
      labels: { shape: [losses], dtype: "int32" },
    }),
    feeds(rows, { length: T, losses }) {
      const positions = new Int32Array(losses);
      const labels = new Int32Array(losses);
      let next = 0;
      rows.forEach((row, b) => {
        const { targets = [] } = row;
        labels.set(labelsOf(row), next);
        for (const target of targets) positions[next++] = b * T + target;
      });
      return { positions, labels };
    },
    compute({ architecture }, inputs, batch, { positions, labels }) {
      const all = architecture.forward({ ...inputs, batch }); // [B, T, C]
      const [B, T, C] = all.shape as [number, number, number];
      const logits = ops.gather(ops.reshape(all, [B * T, C]), positions!); // [N, C]
      return { logits, losses: loss(logits, labels!) };
    },
  };
}

/** Whether a row has a label, or may have several. */
export function isLabelled({ label, labels }: EncodedExample): boolean {
  return label !== undefined || labels !== undefined;
}

/** The labels of a row, none where it is not labelled. */
export function labelsOf({ label, labels }: EncodedExample): readonly number[] {
  return labels ?? (label === undefined ? [] : [label]);
}
