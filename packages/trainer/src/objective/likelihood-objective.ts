import { requireLanguageModel, roundedSize } from "@blora/network";
import { linearCrossEntropy, ops, trainedCrossEntropy } from "@blora/tensor";
import type { Objective } from "./objective.ts";

/** One loss a target token, from the state of the token before it. No logits of a whole batch are formed. */
export const likelihoodObjective: Objective = {
  lossesOf: ({ targets = [] }) => targets.length,
  size(rows, batchSize, length) {
    const count = rows.reduce((total, { targets = [] }) => total + targets.length, 0);
    return roundedSize(Math.max(1, count), batchSize * length);
  },
  inputs: ({ losses }) => ({
    positions: { shape: [losses], dtype: "int32" },
    targetIds: { shape: [losses], dtype: "int32" },
  }),
  feeds(rows, { length: T, losses }) {
    const positions = new Int32Array(losses);
    const targetIds = new Int32Array(losses);
    let next = 0;
    rows.forEach(({ inputIds, targets = [] }, b) => {
      for (const target of targets) {
        positions[next] = b * T + target - 1;
        targetIds[next++] = inputIds[target]!;
      }
    });
    return { positions, targetIds };
  },
  compute(network, inputs, batch, { positions, targetIds }) {
    const model = requireLanguageModel(network.architecture);
    const { weight, bias } = model.unembedding(network.config);
    const states = ops.gather(model.hidden({ ...inputs, batch }), positions!); // [N, H]
    const { lookup } = inputs;
    const biasTensor = bias === undefined ? undefined : lookup(bias);
    const crossEntropy = network.headNames.has(weight) ? trainedCrossEntropy : linearCrossEntropy;
    return { losses: crossEntropy(states, lookup(weight), biasTensor, targetIds!) };
  },
};
