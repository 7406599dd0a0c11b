import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isPickle, PEFT_CONFIG_FILE, PEFT_TENSORS_FILE, readJsonFile } from "@blora/files";
import { InvalidInputError, type JsonObject, type LinearSite, NotFoundError, type ScaledUpdate } from "@blora/spec";
import type { HostTensor, Shape } from "@blora/tensor";
import { readSafetensorsHeader, readTensor, type SafetensorsHeader } from "@blora/weights";
import { type PeftConfig, parsePeftConfig } from "./config.ts";
import { parseTensorName } from "./names.ts";
import { type PeftModule, peftModules } from "./targets.ts";

/** The network an adapter is read for. */
export interface PeftNetwork {
  /** Every linear map that can be adapted. */
  readonly linears: readonly LinearSite[];
  /** Head tensors by their name in the checkpoint. */
  readonly head: ReadonlyMap<string, Shape>;
}

/** An adapter of PEFT as plain LoRA. */
export interface PeftAdapter {
  readonly config: PeftConfig;
  /** By site path, in forward order. AdaLoRA's E is folded into B. */
  readonly updates: ReadonlyMap<string, ScaledUpdate>;
  /** Head tensors the file holds; the others are the base model's. */
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
  const file = sortTensors(header);
  const problems = file.unknown.map((name) => `${name} is unexpected`);
  const modules = peftModules(config, network.linears, new Set(file.matrices.keys()), folder, problems);
  problems.push(...matrixProblems(config, modules, file, header), ...headProblems(network.head, file, header));
  if (problems.length > 0) {
    throw new InvalidInputError(`${folder}: expected an adapter of this model, found that ${problems.join("; ")}.`);
  }
  const read = (name: string): Float32Array => readTensor(header, name, { requireFinite: true });
  const updates = new Map<string, ScaledUpdate>();
  for (const [path, { rank, scale }] of modules) {
    const { A, B, E } = file.matrices.get(path)!;
    if (rank === 0) continue;
    const folded = E === undefined ? read(B!) : scaleColumns(read(B!), read(E));
    updates.set(path, { rank, scale, A: read(A!), B: folded });
  }
  const head = Object.fromEntries(
    [...file.head].map(([name, stored]) => [name, { shape: header.tensors.get(stored)!.shape, values: read(stored) }]),
  );
  return { config, updates, head };
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
}

function sortTensors({ tensors }: SafetensorsHeader): SortedTensors {
  const matrices = new Map<string, MatrixNames>();
  const head = new Map<string, string>();
  const unknown: string[] = [];
  for (const name of tensors.keys()) {
    const tensor = parseTensorName(name);
    if (tensor.kind === "matrix") {
      matrices.set(tensor.module, { ...matrices.get(tensor.module), [tensor.matrix]: name });
    } else if (tensor.kind === "module") head.set(tensor.name, name);
    else unknown.push(name);
  }
  return { matrices, head, unknown };
}

function matrixProblems(
  { type }: PeftConfig,
  modules: ReadonlyMap<string, PeftModule>,
  { matrices }: SortedTensors,
  header: SafetensorsHeader,
): string[] {
  const problems: string[] = [];
  for (const [path, { site, rank }] of modules) {
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
    if (!modules.has(path)) problems.push(...Object.values(names).map((name) => `${name} is unexpected`));
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
    return shape === undefined ? [`${stored} is unexpected`] : shapeProblem(stored, shape, header);
  });
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
