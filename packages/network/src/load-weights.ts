import { type AdapterWeights, describeAdapter, readAdapter, readPeft } from "@blora/adapters";
import {
  type Head,
  InvalidInputError,
  type Json,
  jsonDifferences,
  type Method,
  type Parameter,
  toJson,
} from "@blora/spec";
import { type BoundNetwork, sitesOf } from "./bind-network.ts";
import type { AdapterForm } from "./open-network.ts";

/**
 * The weights of an adapter folder for a network: as they were trained where
 * the method is the one that trained them, else as plain LoRA that the method
 * goes on from.
 *
 * @throws InvalidInputError where the adapter belongs to another network or was trained with other options, or the
 *   method cannot take plain LoRA
 */
export async function loadAdapterWeights(
  folder: string,
  network: BoundNetwork,
): Promise<{ readonly weights: AdapterWeights; readonly form: AdapterForm }> {
  const { method } = network;
  const description = await describeAdapter(folder);
  const manifest = toJson(method);
  if (description === undefined || pluginOf(description.method) !== pluginOf(manifest)) {
    return { weights: importPeft(folder, network, method), form: "plain" };
  }
  const differences = jsonDifferences(withoutPackages(description.method), manifest);
  if (differences.length > 0) {
    throw new InvalidInputError(
      `${folder}: expected the method it was trained with, found other options (${differences.map(({ text }) => text).join("; ")}).`,
    );
  }
  const { weights } = await readAdapter(folder);
  // Names every site that the network lacks.
  sitesOf(network, weights.adapters.keys(), folder);
  return { weights, form: "trained" };
}

function importPeft(folder: string, network: BoundNetwork, method: Method): AdapterWeights {
  const { linears, freshHead } = network;
  const importUpdate = method.artifacts?.import;
  const shapes = new Map(Object.entries(freshHead).map(([name, { shape }]) => [name, shape]));
  if (importUpdate === undefined) {
    throw new InvalidInputError(
      `${folder}: expected an adapter of the method ${pluginOf(toJson(method))}, found plain LoRA, which this method does not take. Use the method lora.`,
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
export function requireWholeHead(
  folder: string,
  { freshHead, drawnHead }: BoundNetwork,
  { head }: AdapterWeights,
): void {
  const drawn = [...drawnHead].filter((name) => head[name] === undefined || head[name] === freshHead[name]);
  if (drawn.length === 0) return;
  throw new InvalidInputError(
    `${folder}: expected the head tensors ${drawn.join(", ")}, found them neither in the adapter nor in the checkpoint.`,
  );
}

/** Label order decides what a logit means, so labels are compared by name. */
export function requireSameHead(origin: string, adapter: Head, head: Head): void {
  if (JSON.stringify(adapter) === JSON.stringify(head)) return;
  throw new InvalidInputError(
    `${origin}: expected an adapter for ${describe(head)}, found one for ${describe(adapter)}.`,
  );
}

function describe(head: Head): string {
  return head.kind === "classification" ? `the labels ${head.labels.join(", ")}` : head.kind;
}

function pluginOf(manifest: Json): Json | undefined {
  return (manifest as { readonly $plugin?: Json } | null)?.$plugin;
}

/** Manifests in files also say where components come from. */
function withoutPackages(manifest: Json): Json {
  if (Array.isArray(manifest)) return manifest.map(withoutPackages);
  if (typeof manifest !== "object" || manifest === null) return manifest;
  const isComponent = pluginOf(manifest) !== undefined;
  const entries = Object.entries(manifest as { readonly [key: string]: Json });
  const kept = entries.filter(([key]) => !(isComponent && (key === "package" || key === "version")));
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutPackages(value)]));
}
