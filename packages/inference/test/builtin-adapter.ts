import { writeAdapter } from "@blora/adapters";
import { builtinModelFolder } from "@blora/builtin";
import { lora } from "@blora/lora";
import { debertaV2 } from "@blora/model-deberta-v2";
import { openNetwork } from "@blora/network";
import type { Adapter, Head, Parameter } from "@blora/spec";
import { normalValues, sizeOf } from "@blora/tensor";
import { openCheckpoint } from "@blora/weights";

export interface AdapterRecipe {
  readonly rank: number;
  readonly head: Head;
  readonly seed: number;
  /** Standard deviation of B: how far the adapter moves the logits. */
  readonly strength?: number;
  /** Writes the sites of one layer under another number, as an adapter of a deeper network has them. */
  readonly renameLayer?: readonly [from: number, to: number];
}

/** An adapter of the built-in model with drawn values, as training writes one. */
export async function writeBuiltinAdapter(
  folder: string,
  { rank, head, seed, strength = 0.1, renameLayer: [from, to] = [0, 0] }: AdapterRecipe,
): Promise<void> {
  const method = lora({ rank });
  const network = openNetwork(debertaV2(), openCheckpoint(builtinModelFolder()), "builtin");
  const drawn = (parameter: Parameter, path: string): Parameter => ({
    ...parameter,
    values: normalValues({ seed, step: 0, path }, sizeOf(parameter.shape), strength),
  });
  const sites = network.linears
    .filter(({ role }) => role === "query" || role === "value" || role === "output")
    .map((site) => ({ ...site, path: site.path.replace(`.layer.${from}.`, `.layer.${to}.`) }));
  const adapters = new Map<string, Adapter>();
  for (const site of sites) {
    const { layout, parameters } = method.init(site, seed);
    adapters.set(site.path, { layout, parameters: { ...parameters, B: drawn(parameters.B!, site.path) } });
  }
  const heads = network.architecture.parameters(network.config, head).filter(({ role }) => role === "head");
  const tensors = heads.map(
    ({ name, shape }) => [name, drawn({ shape, values: new Float32Array(), group: "head" }, name)] as const,
  );
  await writeAdapter(folder, method, sites, {
    weights: { adapters, head: Object.fromEntries(tensors) },
    description: {
      baseModel: builtinModelFolder(),
      task: "test",
      head,
      method: JSON.parse(JSON.stringify(method)),
      maxSeqLength: 128,
      ranks: Object.fromEntries(sites.map(({ path }) => [path, rank])),
      bits: {},
      bops: { scope: "adapter", unit: "bit operations", macs: 0, bitOperations: 0, baseline: 0, ratio: 0 },
      ledger: [],
    },
  });
}
