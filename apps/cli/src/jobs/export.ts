import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { exportCodes, isPacked, readAdapter } from "@blora/adapters";
import type { Registry } from "@blora/core";
import { onnx } from "@blora/engine-onnx";
import { type ExportSummary, exportOnnx, type Measurement, measureExport, type WeightFormat } from "@blora/export-onnx";
import { baseModelOf, type Network, openNetwork, openPlain, readPlainAdapter } from "@blora/network";
import type { CodedUpdate, ComponentManifest } from "@blora/spec";
import { writeTokenizerJson } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import { type AdapterFlags, adapterFolder } from "../run/adapter-folder.ts";
import { architectureFor, modelFolder } from "../run/open-run.ts";
import { moveFiles } from "../run/partial-folder.ts";
import { pluginFlags, registryWith, requirePlugins } from "../run/plugins.ts";

export interface ExportFlags extends AdapterFlags {
  readonly plugin?: readonly string[];
  readonly adapter: string;
  readonly model?: string;
  readonly revision?: string;
  readonly out: string;
  readonly weights: WeightFormat;
  readonly adapterForm: "merged" | "branch";
  readonly measure: boolean;
  readonly json?: boolean;
}

export interface ExportInput {
  readonly flags: ExportFlags;
  /** Folder the files are made in, before they move to `flags.out`. */
  readonly partial: string;
}

export interface Exported {
  readonly summary: ExportSummary;
  readonly measurement: Measurement | undefined;
}

const CONFIG = "config.json";

/** Writes a model with its adapter as an ONNX graph, and measures how far its logits are from the model's. */
export async function exportModel({ flags, partial: out }: ExportInput): Promise<Exported> {
  const { weights, adapterForm } = flags;
  const registry = await registryWith(pluginFlags(flags.plugin));
  const adapterPath = await adapterFolder(flags.adapter, flags);
  const model = flags.model ?? (await baseModelOf(adapterPath));
  const folder = await modelFolder(model, flags);
  const checkpoint = openCheckpoint(folder);
  const network = openNetwork(architectureFor(checkpoint.config, folder, registry), checkpoint, model);
  const adapter = await readPlainAdapter(adapterPath, network);
  const codes = adapterForm === "branch" ? await codesOf(adapterPath, network, registry) : undefined;
  await mkdir(out, { recursive: true });
  // The configuration lists the graphs of earlier exports, which stay.
  if (existsSync(join(flags.out, CONFIG))) await copyFile(join(flags.out, CONFIG), join(out, CONFIG));
  const written = await exportOnnx({ network, adapter, out, weights, adapterForm, ...(codes && { codes }) });
  const made = existsSync(join(folder, "tokenizer.json")) ? [] : await writeTokenizerJson(folder, out);
  const summary = { ...written, tokenizer: [...new Set([...written.tokenizer, ...made])] };
  const measurement = flags.measure ? await measured(network, adapter, join(out, summary.file)) : undefined;
  await moveFiles(out, flags.out);
  return { summary, measurement };
}

async function measured(
  network: Network,
  adapter: Awaited<ReturnType<typeof readPlainAdapter>>,
  file: string,
): Promise<Measurement> {
  const engine = onnx();
  try {
    return await measureExport({ network: openPlain(network, adapter, network.name), engine, file });
  } finally {
    await engine.release();
  }
}

/** The factors of an adapter of this project as it learned to round them; undefined for one of PEFT's. */
async function codesOf(
  folder: string,
  { linears }: Network,
  registry: Registry,
): Promise<ReadonlyMap<string, CodedUpdate> | undefined> {
  if (!isPacked(folder)) return undefined;
  const { description, weights } = await readAdapter(folder);
  requirePlugins(description.method, registry, folder);
  const method = registry.resolve(description.method as unknown as ComponentManifest<"method">, "method");
  return exportCodes(method, linears, weights);
}
