import { namedParameters } from "@blora/adapters";
import { sha256 } from "@blora/weights";
import type { Snapshot } from "./training-state.ts";

/** SHA-256 of all weights of a snapshot: a run or an evaluation that goes on with others is another one. */
export function snapshotFingerprint(snapshot: Snapshot): string {
  const named = [...namedParameters(snapshot)];
  return sha256(named.flatMap(([name, { shape, values }]) => [`${name} ${shape.join(",")}`, values]));
}
