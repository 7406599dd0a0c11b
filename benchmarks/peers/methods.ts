import { InvalidInputError } from "@blora/spec";
import type { PeerMethod } from "./job.ts";

interface ComparedMethod {
  /** As in `recipes/glue`. */
  readonly learningRate: number;
  /** Options for a run of so many updates. */
  options(steps: number): PeerMethod;
}

/** The compared methods. AdaLoRA's schedule is written out in steps, which both sides count alike. */
export const PEER_METHODS: Readonly<Record<PeerMethod["name"], ComparedMethod>> = {
  lora: { learningRate: 1e-3, options: () => ({ name: "lora", rank: 8, alpha: 16 }) },
  adalora: {
    learningRate: 5e-3,
    options: (steps) => ({
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
  },
};

/** @throws InvalidInputError for a name that is not compared. */
export function peerMethod(name: string): ComparedMethod {
  const method = Object.entries(PEER_METHODS).find(([known]) => known === name)?.[1];
  if (method !== undefined) return method;
  throw new InvalidInputError(`--method: expected ${Object.keys(PEER_METHODS).join(" or ")}, found ${name}.`);
}
