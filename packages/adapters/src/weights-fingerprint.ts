import { sha256 } from "@blora/files";
import { type AdapterWeights, namedParameters } from "./weights.ts";

/** SHA-256 of all weights of an adapter: a run or an evaluation that goes on with others is another one. */
export function weightsFingerprint(weights: AdapterWeights): string {
  const named = [...namedParameters(weights)];
  return sha256(named.flatMap(([name, { shape, values }]) => [`${name} ${shape.join(",")}`, values]));
}
