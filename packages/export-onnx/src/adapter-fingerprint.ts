import { weightsFingerprint } from "@blora/adapters";
import { sha256 } from "@blora/files";
import type { OpenNetwork, PlainAdapter } from "@blora/network";

/** SHA-256 of what an export adds to its base model: exports of one adapter may share a folder. */
export function adapterFingerprint(adapter: PlainAdapter | OpenNetwork): string {
  const head = JSON.stringify(adapter.head);
  if (!("updates" in adapter)) return sha256([head, weightsFingerprint(adapter.weights)]);
  const updates = [...adapter.updates].flatMap(([path, { rank, A, B }]) => [`${path} ${rank}`, A, B]);
  const tensors = Object.entries(adapter.headTensors).flatMap(([name, { values }]) => [name, values]);
  return sha256([head, ...updates, ...tensors]);
}
