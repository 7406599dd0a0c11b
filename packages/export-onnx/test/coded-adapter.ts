import { type AdapterWeights, exportCodes, exportUpdates } from "@blora/adapters";
import { hardConcrete } from "@blora/gates";
import type { Network, PlainAdapter } from "@blora/inference";
import { blora } from "@blora/lora";
import { uniform } from "@blora/quantizers";
import type { Adapter, CodedUpdate, Head, LinearSite, Parameter } from "@blora/spec";
import { normalValues, sizeOf } from "@blora/tensor";
import { drawnAdapter } from "./models.ts";

export type Widths = Readonly<Record<"A" | "E" | "B", number>>;

const RANK = 6;

/** Settled B-LoRA adapters of every linear map, with drawn values and some components that E rounds to zero. */
export function codedAdapter(
  network: Network,
  head: Head,
  bits: Widths,
): { readonly adapter: PlainAdapter; readonly codes: ReadonlyMap<string, CodedUpdate> } {
  const method = blora({ rankGate: hardConcrete(), quantizer: uniform({ bits: 4 }), rank: RANK });
  const adapters = new Map(network.linears.map((site) => [site.path, settled(site, bits)]));
  const weights: AdapterWeights = { adapters, head: {} };
  const { linears } = network;
  return {
    adapter: { ...drawnAdapter(network, head), updates: exportUpdates(method, linears, weights) },
    codes: exportCodes(method, linears, weights),
  };
}

function settled({ path, inFeatures, outFeatures }: LinearSite, bits: Widths): Adapter {
  const drawn = (name: string, shape: readonly number[]): Parameter => ({
    shape,
    values: normalValues({ seed: 7, step: 0, path: `${path}/${name}` }, sizeOf(shape), 0.1),
    group: "weights",
  });
  const logRange = (range: number): Parameter => ({
    shape: [],
    values: Float32Array.of(Math.log(range)),
    group: "ranges",
  });
  const E = Float32Array.from({ length: RANK }, (_, component) => (component === 2 ? 0 : 0.9 - 0.2 * component));
  return {
    layout: { phase: "settle", rank: RANK, signed: { A: true, E: true, B: true }, bits: { ...bits } },
    parameters: {
      A: drawn("A", [RANK, inFeatures]),
      E: { shape: [RANK], values: E, group: "weights" },
      B: drawn("B", [outFeatures, RANK]),
      "A.logRange": logRange(0.31),
      "E.logRange": logRange(1.03),
      "B.logRange": logRange(0.27),
    },
  };
}
