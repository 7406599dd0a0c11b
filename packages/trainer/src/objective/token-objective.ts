import type { LabelTask } from "@blora/spec";
import { ops } from "@blora/tensor";
import { labelsOf } from "./label-objective.ts";
import { likelihoodObjective } from "./likelihood-objective.ts";
import type { Objective } from "./objective.ts";

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
