import { describeAdapter, readAdapter, readPeft } from "@blora/adapters";
import { InvalidInputError, type Json, type Method, type Parameter } from "@blora/spec";
import type { BoundNetwork } from "./bind-network.ts";
import { sitesOf } from "./bind-network.ts";
import { manifestOf } from "./run.ts";
import type { Snapshot } from "./state/training-state.ts";

/**
 * The weights of an adapter folder for a network: as they were trained where
 * the method is the one that trained them, else as plain LoRA that the method
 * goes on from.
 *
 * @throws InvalidInputError where the adapter belongs to another network, or the method cannot take plain LoRA
 */
export async function loadAdapterWeights(folder: string, network: BoundNetwork): Promise<Snapshot> {
  const { method } = network;
  const description = await describeAdapter(folder);
  if (description !== undefined && pluginOf(description.method) === pluginOf(manifestOf(method))) {
    const { weights } = await readAdapter(folder);
    // Names every site that the network lacks.
    sitesOf(network, weights.adapters.keys(), folder);
    return weights;
  }
  return importPeft(folder, network, method);
}

function importPeft(folder: string, network: BoundNetwork, method: Method): Snapshot {
  const { linears, freshHead } = network;
  const importUpdate = method.artifacts?.import;
  const shapes = new Map(Object.entries(freshHead).map(([name, { shape }]) => [name, shape]));
  if (importUpdate === undefined) {
    throw new InvalidInputError(
      `${folder}: expected an adapter of the method ${pluginOf(manifestOf(method))}, found plain LoRA, which this method does not take. Use the method lora.`,
    );
  }
  const { updates, head } = readPeft(folder, { linears, head: shapes });
  const sites = new Map(linears.map((site) => [site.path, site]));
  const adapters = new Map([...updates].map(([path, update]) => [path, importUpdate(sites.get(path)!, update)]));
  const trained = Object.entries(head).map(([name, tensor]): [string, Parameter] => [
    name,
    { ...tensor, group: "head" },
  ]);
  return { adapters, head: { ...freshHead, ...Object.fromEntries(trained) } };
}

/** @throws InvalidInputError where neither the adapter nor the checkpoint has a tensor of the head: it would be drawn */
export function requireWholeHead(folder: string, { freshHead, drawnHead }: BoundNetwork, { head }: Snapshot): void {
  const drawn = [...drawnHead].filter((name) => head[name] === undefined || head[name] === freshHead[name]);
  if (drawn.length === 0) return;
  throw new InvalidInputError(
    `${folder}: expected the head tensors ${drawn.join(", ")}, found them neither in the adapter nor in the checkpoint.`,
  );
}

function pluginOf(manifest: Json): Json | undefined {
  return (manifest as { readonly $plugin?: Json } | null)?.$plugin;
}
