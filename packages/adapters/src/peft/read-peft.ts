import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isPickle, PEFT_CONFIG_FILE, PEFT_TENSORS_FILE, readJsonFile } from "@blora/files";
import { InvalidInputError, type JsonObject, type LinearSite, NotFoundError, type ScaledUpdate } from "@blora/spec";
import type { HostTensor, Shape } from "@blora/tensor";
import { readSafetensorsHeader, readTensor, type SafetensorsHeader } from "@blora/weights";
import { mergedWeight } from "../merge/merged-weight.ts";
import { type PeftConfig, parsePeftConfig } from "./config.ts";
import { parseTensorName } from "./names.ts";
import { placeNames } from "./place-names.ts";
import { type PeftModule, peftModules } from "./targets.ts";

/** The network an adapter is read for. */
export interface PeftNetwork {
  /** Every linear map that can be adapted. */
  readonly linears: readonly LinearSite[];
  /** Head tensors by their name in the checkpoint. */
  readonly head: ReadonlyMap<string, Shape>;
  /** Values of a tensor of the base model; undefined where it has none. An update of a head's matrix is added to them. */
  baseTensor?(name: string): Float32Array | undefined;
}

/** An adapter of PEFT as plain LoRA. */
export interface PeftAdapter {
  readonly config: PeftConfig;
  /** By site path, in forward order. AdaLoRA's E is folded into B. */
  readonly updates: ReadonlyMap<string, ScaledUpdate>;
  /** Head tensors the file holds, or the base model's with an update added; the others are the base model's. */
  readonly head: Readonly<Record<string, HostTensor>>;
}

/** Whether a folder holds an adapter of PEFT. */
export function isPeft(folder: string): boolean {
  return existsSync(join(folder, PEFT_CONFIG_FILE));
}

/** @throws InvalidInputError listing every wrong value and every option that is not supported */
export function readPeftConfig(folder: string): PeftConfig {
  const path = join(folder, PEFT_CONFIG_FILE);
  return parsePeftConfig(readJsonFile(path) as JsonObject, path);
}

/**
 * Reads a LoRA, rsLoRA or AdaLoRA adapter that PEFT wrote.
 *
 * @throws InvalidInputError listing every tensor that is missing, unexpected or
 *   of another shape, and every pattern that matches nothing, before any tensor is read;
 *   for pickle files, unsupported options and values that are not finite
 */
export function readPeft(folder: string, network: PeftNetwork): PeftAdapter {
  const config = readPeftConfig(folder);
  const header = readSafetensorsHeader(tensorsFile(folder));
  const read = (name: string): Float32Array => readTensor(header, name, { requireFinite: true });
  const sorted = sortTensors(header);
  const named = placedIn(sorted, network);
  const file = { ...sorted, head: withoutCopies(sorted.head, named, network, read) };
  const problems = [...file.unknown.map((name) => `${name} is unexpected${reasonOf(name)}`), ...severalAdapters(file)];
  const modules = peftModules(
    config,
    [...named.linears, ...named.matrices],
    new Set(file.matrices.keys()),
    folder,
    problems,
  );
  problems.push(...matrixProblems(config, modules, file, header), ...headProblems(named.head, file, header));
  const base = new Map<string, Float32Array>();
  for (const { path } of named.matrices) {
    const values = modules.has(path) ? network.baseTensor?.(named.original(`${path}.weight`)) : undefined;
    if (values !== undefined) base.set(path, values);
    else if (modules.has(path)) problems.push(`${path}.lora_B is an update of a matrix the base model lacks`);
  }
  if (problems.length > 0) {
    throw new InvalidInputError(`${folder}: expected an adapter of this model, found that ${problems.join("; ")}.`);
  }
  const updates = new Map<string, ScaledUpdate>();
  const head: Record<string, HostTensor> = {};
  for (const [name, stored] of file.head) {
    head[named.original(name)] = { shape: header.tensors.get(stored)!.shape, values: read(stored) };
  }
  for (const [path, { site, rank, scale }] of modules) {
    if (rank === 0) continue;
    const { A, B, E } = file.matrices.get(path)!;
    const update = { rank, scale, A: read(A!), B: E === undefined ? read(B!) : scaleColumns(read(B!), read(E)) };
    const weight = base.get(path);
    if (weight === undefined) updates.set(named.original(path), update);
    else {
      const scaled = { ...update, B: update.B.map((value) => scale * value) };
      head[named.original(`${path}.weight`)] = {
        shape: [site.outFeatures, site.inFeatures],
        values: mergedWeight(weight, scaled),
      };
    }
  }
  return { config, updates, head };
}

/** The network by the names of the file. */
interface NamedNetwork {
  readonly linears: readonly LinearSite[];
  readonly head: ReadonlyMap<string, Shape>;
  /** Matrices of the head that the file has updates of. */
  readonly matrices: readonly LinearSite[];
  /** The way back. */
  original(name: string): string;
}

function placedIn({ matrices }: SortedTensors, network: PeftNetwork): NamedNetwork {
  const matricesOfHead = [...network.head].flatMap(([name, [outFeatures, inFeatures, ...rest]]): LinearSite[] =>
    name.endsWith(".weight") && inFeatures !== undefined && rest.length === 0
      ? [{ path: name.slice(0, -".weight".length), role: "head", inFeatures, outFeatures: outFeatures! }]
      : [],
  );
  const sites = [...network.linears, ...matricesOfHead];
  const nameOf = placeNames(matrices.keys(), new Set(sites.map(({ path }) => path)));
  const renamed = (site: LinearSite): LinearSite => ({ ...site, path: nameOf(site.path) });
  const head = new Map([...network.head].map(([name, shape]) => [nameOf(name), shape]));
  const linears = network.linears.map(renamed);
  const originals = new Map(
    [...sites.map(({ path }) => path), ...network.head.keys()].map((name) => [nameOf(name), name]),
  );
  return {
    linears,
    // Heads stand beside the network they are put on: only what is in it loses or gains a part of its name.
    head: new Map([...network.head, ...head]),
    matrices: matricesOfHead.map(renamed).filter(({ path }) => matrices.has(path)),
    original: (name) => originals.get(name) ?? name,
  };
}

/**
 * The trained tensors of a file. PEFT saves the embeddings along where the vocabulary may have grown
 * (`save_embedding_layers`): copies of the base model's own change nothing.
 */
function withoutCopies(
  tensors: ReadonlyMap<string, string>,
  named: NamedNetwork,
  network: PeftNetwork,
  read: (name: string) => Float32Array,
): ReadonlyMap<string, string> {
  const isCopy = (name: string, stored: string): boolean => {
    if (named.head.has(name)) return false;
    const base = network.baseTensor?.(named.original(name)) ?? sharedOutput(name, network);
    const values = base && read(stored);
    return values?.length === base?.length && (values?.every((value, index) => value === base![index]) ?? false);
  };
  return new Map([...tensors].filter(([name, stored]) => !isCopy(name, stored)));
}

/** The output matrix of a decoder that has none of its own is its embedding. */
function sharedOutput(name: string, network: PeftNetwork): Float32Array | undefined {
  return name === "lm_head.weight" ? network.baseTensor?.("model.embed_tokens.weight") : undefined;
}

function severalAdapters({ adapters }: SortedTensors): string[] {
  if (adapters.size < 2) return [];
  return [`it holds several adapters (${[...adapters].join(", ")}): save one of them alone`];
}

function tensorsFile(folder: string): string {
  const path = join(folder, PEFT_TENSORS_FILE);
  if (existsSync(path)) return path;
  const pickles = readdirSync(folder).filter(isPickle);
  if (pickles.length === 0) throw new NotFoundError(`${folder}: expected ${PEFT_TENSORS_FILE}, found none.`);
  throw new InvalidInputError(
    `${folder}: expected ${PEFT_TENSORS_FILE}, found only the pickle file ${pickles.join(", ")}, which can run code when it is read. ` +
      `Convert it once in Python: from safetensors.torch import save_file; ` +
      `save_file(torch.load(${JSON.stringify(pickles[0])}, weights_only=True), ${JSON.stringify(PEFT_TENSORS_FILE)})`,
  );
}

type MatrixNames = Partial<Record<"A" | "B" | "E", string>>;

/** Names in the file by what they are. */
interface SortedTensors {
  readonly matrices: ReadonlyMap<string, MatrixNames>;
  readonly head: ReadonlyMap<string, string>;
  readonly unknown: readonly string[];
  /** Names of adapters that the tensors carry. */
  readonly adapters: ReadonlySet<string>;
}

function sortTensors({ tensors }: SafetensorsHeader): SortedTensors {
  const matrices = new Map<string, MatrixNames>();
  const head = new Map<string, string>();
  const unknown: string[] = [];
  const adapters = new Set<string>();
  for (const name of tensors.keys()) {
    const tensor = parseTensorName(name);
    if (tensor.kind === "matrix") {
      matrices.set(tensor.module, { ...matrices.get(tensor.module), [tensor.matrix]: name });
    } else if (tensor.kind === "module") head.set(tensor.name, name);
    else if (tensor.kind === "unknown") unknown.push(name);
    if ("adapter" in tensor && tensor.adapter !== undefined) adapters.add(tensor.adapter);
  }
  return { matrices, head, unknown, adapters };
}

function matrixProblems(
  { type }: PeftConfig,
  modules: ReadonlyMap<string, PeftModule>,
  { matrices }: SortedTensors,
  header: SafetensorsHeader,
): string[] {
  const problems: string[] = [];
  for (const [path, { site, rank }] of modules) {
    if (rank === 0 && !matrices.has(path)) continue;
    const shapes = {
      A: [rank, site.inFeatures],
      B: [site.outFeatures, rank],
      ...(type === "ADALORA" && { E: [rank, 1] }),
    };
    for (const [matrix, shape] of Object.entries(shapes)) {
      const name = matrices.get(path)?.[matrix as "A" | "B" | "E"];
      if (name === undefined) problems.push(`${path}.lora_${matrix} is missing`);
      else problems.push(...shapeProblem(name, shape, header));
    }
  }
  for (const [path, names] of matrices) {
    if (!modules.has(path))
      problems.push(...Object.values(names).map((name) => `${name} is unexpected${reasonOf(name)}`));
    else if (type === "LORA" && names.E !== undefined) problems.push(`${names.E} is unexpected`);
  }
  return problems;
}

function headProblems(
  expected: ReadonlyMap<string, Shape>,
  { head }: SortedTensors,
  header: SafetensorsHeader,
): string[] {
  return [...head].flatMap(([name, stored]) => {
    const shape = expected.get(name);
    if (shape === undefined) return [`${stored} is unexpected${reasonOf(name)}`];
    return shapeProblem(stored, shape, header);
  });
}

function reasonOf(name: string): string {
  if (/\.lora_embedding_[AB]/.test(name)) return " (updates of embeddings are not read)";
  if (/(?:lm_head|embed_out)\.lora_/.test(name)) return " (updates of the output matrix are not read)";
  if (/\.lora_/.test(name)) return "";
  if (/(?:embed_tokens|word_embeddings|embeddings?|lm_head|embed_out)\.weight$/.test(name)) {
    return " (embeddings that were saved along, by save_embedding_layers or modules_to_save, are not read where they are not the base model's)";
  }
  if (/\.bias$/.test(name)) return " (biases of the network are not read)";
  return " (modules that were trained as a whole, by modules_to_save, are read only where they are the head)";
}

function shapeProblem(name: string, shape: Shape, { tensors }: SafetensorsHeader): string[] {
  const found = tensors.get(name)!.shape;
  const isSame = found.length === shape.length && found.every((dimension, axis) => dimension === shape[axis]);
  return isSame ? [] : [`${name} has shape [${found.join(", ")}], expected [${shape.join(", ")}]`];
}

/** B·diag(E) for B [O, R] and E [R, 1]. */
function scaleColumns(B: Float32Array, E: Float32Array): Float32Array {
  return B.map((value, index) => value * E[index % E.length]!);
}
