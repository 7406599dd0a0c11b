import type { PeerMethod } from "./job.ts";

/** Learning rates of the methods, as in `recipes/glue`. */
export const PEER_LEARNING_RATES = { lora: 1e-3, adalora: 5e-3 } as const;

/** The compared methods, for a run of so many updates. AdaLoRA's schedule is written out in steps, which both sides count alike. */
export const PEER_METHODS = {
  lora: (): PeerMethod => ({ name: "lora", rank: 8, alpha: 16 }),
  adalora: (steps: number): PeerMethod => ({
    name: "adalora",
    initialRank: 12,
    targetRank: 8,
    alpha: 16,
    tInit: Math.round(0.1 * steps),
    tFinal: Math.round(0.3 * steps),
    deltaT: Math.max(1, Math.round(0.01 * steps)),
    orthogonality: 0.1,
    beta1: 0.85,
    beta2: 0.85,
  }),
} as const;
