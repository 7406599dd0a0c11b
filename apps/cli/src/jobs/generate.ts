import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { readAdapterDescription } from "@blora/adapters";
import { type AdaptedModel, type GenerateOptions, loadModel } from "@blora/inference";
import { InvalidInputError } from "@blora/spec";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import { registry } from "../registry.ts";
import { type AdapterFlags, adapterFolder } from "../run/adapter-folder.ts";
import { engineManifest } from "../run/components.ts";
import { architectureFor, modelFolder } from "../run/load-run.ts";
import type { JobHost } from "./job.ts";

export interface GenerateFlags extends AdapterFlags {
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
  readonly engine: string;
  readonly threads?: number;
}

/** Goes on from a prompt; each event is a piece of text. */
export async function generate(flags: GenerateFlags, { emit }: JobHost<string>): Promise<void> {
  const engineOptions = flags.threads === undefined ? {} : { threads: flags.threads };
  const engine = registry.resolve(engineManifest(flags.engine, engineOptions), "engine");
  const model = await openModel(flags, engine);
  const prompt = flags.chat ? [{ role: "user", content: flags.prompt }] : flags.prompt;
  for await (const text of model.generate(prompt, generateOptions(flags))) {
    emit(text);
    await setImmediate(); // lets the text out: a token blocks the thread
  }
  await engine.release();
}

type ModelEngine = Parameters<typeof loadModel>[0]["engine"];

async function openModel(flags: GenerateFlags, engine: ModelEngine): Promise<AdaptedModel> {
  const folder = flags.adapter === undefined ? undefined : await adapterFolder(flags.adapter, flags);
  const named = flags.model ?? (folder === undefined ? undefined : (await readAdapterDescription(folder)).baseModel);
  if (named === undefined) throw new InvalidInputError("generate: expected a --model or an adapter, found neither.");
  const base = await modelFolder(named, { offline: flags.offline ?? false, revision: flags.revision });
  const loaded = await loadModel({
    model: base,
    architecture: architectureFor(openCheckpoint(base).config, base),
    engine,
    tokenizer: loadTokenizer,
  });
  return folder === undefined ? loaded.withoutAdapter({ kind: "language-model" }) : loaded.loadAdapter(resolve(folder));
}

function generateOptions({ maxNewTokens, temperature, topP, seed, addBos }: GenerateFlags): GenerateOptions {
  return { maxNewTokens, temperature, topP, seed, ...(addBos === undefined ? {} : { addBos }) };
}
