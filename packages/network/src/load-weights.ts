import { type AdapterWeights, describeAdapter, readAdapter, readPeft } from "@blora/adapters";
import { type Head, InvalidInputError, type Json, jsonDifferences, type Method, type Parameter } from "@blora/spec";
import { type BoundNetwork, drawnTensors, sitesOf } from "./bind-network.ts";
import type { AdapterForm } from "./open-plain.ts";
import { requirePlain } from "./require-plain.ts";

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
  if (description === undefined) requireOrderOf(folder, network.isHeadReordered);
  const manifest = completeManifestOf(method);
  if (description === undefined || pluginOf(description.method) !== pluginOf(manifest)) {
    return { weights: importPeft(folder, network, method), form: "plain" };
  }
  // What the folder does not say was left at its default.
  const differences = jsonDifferences(withoutPackages(description.method), manifest).filter(({ isNew }) => !isNew);
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
  requirePlain(folder);
  const { linears, freshHead, drawnHead, baseTensor } = network;
  const importUpdate = method.artifacts?.import;
  const shapes = new Map(Object.entries(freshHead).map(([name, { shape }]) => [name, shape]));
  if (importUpdate === undefined) {
    throw new InvalidInputError(
      `${folder}: expected an adapter of the method ${pluginOf(completeManifestOf(method))}, found plain LoRA, which this method does not take. Use the method lora.`,
    );
  }
  const { updates, head } = readPeft(folder, {
    linears,
    head: shapes,
    baseTensor: (name) => (drawnHead.has(name) ? undefined : (freshHead[name]?.values ?? baseTensor(name))),
  });
  const sites = new Map(linears.map((site) => [site.path, site]));
  const adapters = new Map([...updates].map(([path, update]) => [path, importUpdate(sites.get(path)!, update)]));
  const trained = Object.entries(head).map(([name, tensor]): [string, Parameter] => [
    name,
    { ...tensor, group: "head" },
  ]);
  return { adapters, head: { ...freshHead, ...Object.fromEntries(trained) } };
}

/** @throws InvalidInputError where neither the adapter nor the checkpoint has a tensor of the head: it would be drawn */
export function requireWholeHead(folder: string, network: BoundNetwork, weights: AdapterWeights): void {
  const drawn = drawnTensors(network, weights);
  if (drawn.length === 0) return;
  throw new InvalidInputError(
    `${folder}: expected the head tensors ${drawn.join(", ")}, found them neither in the adapter nor in the checkpoint.`,
  );
}

/** One of PEFT's names no labels: its head has them in the order of its base. @throws InvalidInputError for another order */
export function requireOrderOf(folder: string, isReordered: boolean): void {
  if (!isReordered) return;
  throw new InvalidInputError(
    `${folder}: expected an adapter whose labels are in the task's order, found one that names none, of a base whose id2label has them in another.`,
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
  if (!("labels" in head)) return head.kind;
  const labels = `the labels ${head.labels.join(", ")}`;
  if (head.kind === "token-classification") return `${labels} of words`;
  return head.several === true ? `several of ${labels}` : labels;
}

/** With defaults in place, also of components among the options, where plugins made them. */
function completeManifestOf(value: unknown): Json {
  if (typeof value !== "object" || value === null) return value as Json;
  if ("completeManifest" in value) return completeManifestOf(value.completeManifest);
  if (Array.isArray(value)) return value.map(completeManifestOf);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined && typeof item !== "function");
  return Object.fromEntries(entries.map(([key, item]) => [key, completeManifestOf(item)]));
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
