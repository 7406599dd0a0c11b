import { fileURLToPath } from "node:url";
import { type Network, openNetwork, type PlainAdapter } from "@blora/network";
import type { Architecture, LowRankUpdate } from "@blora/spec";
import type { HostTensor, Tensor } from "@blora/tensor";
import { type ReferenceModel, readReferenceModel } from "@blora/testing";
import { openCheckpoint } from "@blora/weights";

/** A small checkpoint with an adapter, and the logits Hugging Face computes with both. */
export interface Reference {
  readonly model: ReferenceModel;
  readonly network: Network;
  readonly adapter: PlainAdapter;
}

/** @param path below `fixtures/`, such as `bert/pairs` */
export function readReference(architecture: Architecture, path: string): Reference {
  const folder = new URL(`../../../fixtures/${path}/`, import.meta.url);
  const model = readReferenceModel(folder);
  const network = openNetwork(architecture, openCheckpoint(fileURLToPath(folder)), path);
  const updates = new Map<string, LowRankUpdate>();
  for (const { path: site } of network.linears) {
    const [A, B] = ["A", "B"].map((matrix) => model.expected.get(`adapter/${site}/${matrix}`));
    if (A === undefined || B === undefined) continue;
    const scaled = valuesOf(B).map((value) => value * model.scale);
    updates.set(site, { rank: A.shape[0]!, A: valuesOf(A), B: scaled });
  }
  const headTensors: Record<string, HostTensor> = {};
  const adapter = { updates, headTensors, head: model.head, maxSeqLength: 512 };
  return { model, network, adapter };
}

export function valuesOf(tensor: Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync());
}
