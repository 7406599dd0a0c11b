import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Registry } from "@blora/core";
import { type AdaptedModel, type GenerateOptions, loadModel } from "@blora/inference";
import type { Engine } from "@blora/spec";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import type { AdapterFlags } from "../run/adapter-folder.ts";
import { adapterSettings, methodOf, requireBaseModel } from "../run/adapter-settings.ts";
import { engineManifest } from "../run/components.ts";
import { architectureFor, modelFolder } from "../run/open-run.ts";
import { pluginFlags, registryWith } from "../run/plugins.ts";
import type { JobHost } from "./job.ts";

export interface GenerateFlags extends AdapterFlags {
  readonly plugin?: readonly string[];
  readonly model?: string;
  readonly revision?: string;
  readonly adapter?: string;
  readonly prompt: string;
  readonly chat?: boolean;
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
  readonly addBos?: boolean;
  readonly engine?: string;
  readonly threads?: number;
}

/** Goes on from a prompt; each event is a piece of text. */
export async function generate(flags: GenerateFlags, { emit }: JobHost<string>): Promise<void> {
  const registry = await registryWith(pluginFlags(flags.plugin));
  const options = flags.threads === undefined ? {} : { threads: flags.threads };
  const engine = registry.resolve({ ...engineManifest(flags.engine ?? "onnx", registry), options }, "engine");
  const model = await openModel(flags, engine, registry);
  const prompt = flags.chat ? [{ role: "user", content: flags.prompt }] : flags.prompt;
  for await (const text of model.generate(prompt, generateOptions(flags))) {
    emit(text);
    await setImmediate(); // lets the text out: a token blocks the thread
  }
  await engine.release();
}

async function openModel(flags: GenerateFlags, engine: Engine, registry: Registry): Promise<AdaptedModel> {
  const adapter = flags.adapter === undefined ? undefined : await adapterSettings(flags.adapter, flags);
  const base = await modelFolder(requireBaseModel(flags.model, adapter), flags);
  const loaded = await loadModel({
    model: base,
    architecture: architectureFor(openCheckpoint(base).config, base, registry),
    engine,
    tokenizer: loadTokenizer,
  });
  if (adapter === undefined) return loaded.withoutAdapter({ kind: "language-model" });
  return loaded.loadAdapter(resolve(adapter.folder), { head: adapter.head, method: methodOf(adapter, registry) });
}

function generateOptions({ maxNewTokens, temperature, topP, seed, addBos }: GenerateFlags): GenerateOptions {
  return { maxNewTokens, temperature, topP, seed, ...(addBos === undefined ? {} : { addBos }) };
}
