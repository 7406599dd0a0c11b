import { type AdapterWeights, exportCodes, exportUpdates } from "@blora/adapters";
import { blora } from "@blora/lora";
import type { Network, PlainAdapter } from "@blora/network";
import { uniform } from "@blora/quantizers";
import type { Adapter, CodedUpdate, Head, LinearSite, Parameter } from "@blora/spec";
import { normalValues, sizeOf } from "@blora/tensor";
import { drawnAdapter } from "./models.ts";

/** Widths of components, and the grid that they are rounded on. */
export interface Rounding {
  readonly bits: readonly number[];
  readonly grid: "mid-rise" | "absmax";
}

/** Settled B-LoRA adapters of every linear map, with drawn values. */
export function codedAdapter(
  network: Network,
  head: Head,
  { bits, grid }: Rounding,
): { readonly adapter: PlainAdapter; readonly codes: ReadonlyMap<string, CodedUpdate> } {
  const method = blora({ quantizer: uniform({ bits: [0, 2, 4, 8, 16], grid }), rank: bits.length });
  const adapters = new Map(network.linears.map((site) => [site.path, settled(site, bits)]));
  const weights: AdapterWeights = { adapters, head: {} };
  const { linears } = network;
  return {
    adapter: { ...drawnAdapter(network, head), updates: exportUpdates(method, linears, weights) },
    codes: exportCodes(method, linears, weights),
  };
}

/** A settled adapter of one site with drawn values and components of the given widths. */
export function settled({ path, inFeatures, outFeatures }: LinearSite, bits: readonly number[]): Adapter {
  const drawn = (name: string, shape: readonly number[]): Parameter => ({
    shape,
    values: normalValues({ seed: 7, step: 0, path: `${path}/${name}` }, sizeOf(shape), 0.1),
    group: "weights",
  });
  const rank = bits.length;
  return {
    layout: { phase: "settle", rank, bits: { A: [...bits], B: [...bits] }, unsigned: [] },
    parameters: { A: drawn("A", [rank, inFeatures]), B: drawn("B", [outFeatures, rank]) },
  };
}
