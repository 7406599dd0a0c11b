import { createHash } from "node:crypto";
import { namedParameters } from "@blora/adapters";
import type { Snapshot } from "./training-state.ts";

/** SHA-256 of all weights of a snapshot: a run or an evaluation that goes on with others is another one. */
export function snapshotFingerprint(snapshot: Snapshot): string {
  const hash = createHash("sha256");
  for (const [name, { shape, values }] of namedParameters(snapshot)) {
    hash.update(`${name} ${shape.join(",")}`).update(values);
  }
  return hash.digest("hex");
}
