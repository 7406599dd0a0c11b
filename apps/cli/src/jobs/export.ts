import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { endTextsAt, exportCodes, isPacked, limitTexts, readAdapter } from "@blora/adapters";
import { onnx } from "@blora/engine-onnx";
import {
  type ExportSummary,
  exportOnnx,
  type Measurement,
  measureExport,
  requireExportFolder,
  type WeightFormat,
} from "@blora/export-onnx";
import { copyChatTemplate, makeFolder } from "@blora/files";
import { endIds } from "@blora/inference";
import { type Network, type OpenNetwork, openAdapter, openNetwork, readPlainAdapter } from "@blora/network";
import { type CodedUpdate, type Method, roundsMore } from "@blora/spec";
import { writeTokenizerJson } from "@blora/tokenizer";
import type { AdapterFlags } from "../run/adapter-folder.ts";
import { type AdapterSettings, adapterSettings, chosenModel, methodOf } from "../run/adapter-settings.ts";
import { architectureFor, openModel, tokenizerIfPresent } from "../run/open-run.ts";
import { moveFiles } from "../run/partial-folder.ts";
import { pluginFlags, registryWith } from "../run/plugins.ts";

export interface ExportFlags extends AdapterFlags {
  readonly plugin?: readonly string[];
  readonly adapter: string;
  readonly model?: string;
  readonly revision?: string;
  readonly out: string;
  readonly weights: WeightFormat;
  readonly adapterForm: "merged" | "branch";
  readonly measure: boolean;
  readonly plain?: boolean;
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

/**
 * Writes a model with its adapter as an ONNX graph, and measures how far its logits are from those of the adapter
 * as its score was made. Where evaluation rounds more than the adapter, the graph does as well, unless `--plain` asks for the plain update.
 */
export async function exportModel({ flags, partial: out }: ExportInput): Promise<Exported> {
  const { weights, adapterForm } = flags;
  requireExportFolder(flags.out);
  const registry = await registryWith(pluginFlags(flags.plugin));
  const settings = await adapterSettings(flags.adapter, flags);
  const base = chosenModel(flags, settings);
  const { folder, checkpoint } = await openModel(base, { ...flags, adapterFolder: settings.folder });
  const { model } = base;
  const { folder: from } = settings;
  const architecture = architectureFor(checkpoint.config, folder, registry);
  const tokenizer = architecture.languageModel && (await tokenizerIfPresent(folder, from));
  const network = openNetwork(architecture, checkpoint, model, tokenizer?.special.pad);
  const method = methodOf(settings, registry);
  const isPlain = flags.plain || !(roundsMore(method) || method.trainsBase);
  const adapter = isPlain
    ? await readPlainAdapter(from, network)
    : await openAdapter(network, { folder: from, method, form: "trained" });
  const codes = isPlain && adapterForm === "branch" ? await codesOf(settings, method, network) : undefined;
  await makeFolder(out);
  // The configuration lists the graphs of earlier exports, which stay.
  const earlier = contentOf(join(flags.out, CONFIG));
  if (earlier !== undefined) await writeFile(join(out, CONFIG), earlier);
  const written = await exportOnnx({
    network,
    adapter,
    out,
    destination: flags.out,
    weights,
    adapterForm,
    ...(codes && { codes }),
  });
  copyChatTemplate(from, out);
  const made = await writeTokenizerJson(folder, out);
  await limitTexts(out, written.longest);
  if (tokenizer && adapter.head.kind === "language-model") await endTextsAt(out, endIds(tokenizer));
  const summary = { ...written, tokenizer: [...new Set([...written.tokenizer, ...made])] };
  const scored = await openAdapter(network, {
    folder: settings.folder,
    head: adapter.head,
    method,
    form: isPacked(settings.folder) ? "trained" : "plain",
  });
  const measurement = flags.measure ? await measured(scored, join(out, summary.file)) : undefined;
  const isAsFound = (): boolean => contentOf(join(flags.out, CONFIG)) === earlier;
  await moveFiles(out, flags.out, { last: CONFIG, isAsFound });
  return { summary, measurement };
}

function contentOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

async function measured(network: OpenNetwork, file: string): Promise<Measurement> {
  const engine = onnx();
  try {
    return await measureExport({ network, engine, file });
  } finally {
    await engine.release();
  }
}

/** The factors of an adapter of this project as it learned to round them; undefined for one of PEFT's. */
async function codesOf(
  { folder }: AdapterSettings,
  method: Method,
  { linears }: Network,
): Promise<ReadonlyMap<string, CodedUpdate> | undefined> {
  if (!isPacked(folder)) return undefined;
  return exportCodes(method, linears, (await readAdapter(folder)).weights);
}
