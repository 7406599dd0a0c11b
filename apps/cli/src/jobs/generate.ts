import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Registry } from "@blora/core";
import { type GenerateOptions, type GenerationEnd, loadModel } from "@blora/inference";
import { type ChatFormat, isLanguageModelTask } from "@blora/spec";
import type { AdapterFlags } from "../run/adapter-folder.ts";
import { type AdapterSettings, adapterSettings, chosenModel, methodOf } from "../run/adapter-settings.ts";
import { architectureFor, openModel, openTokenizer } from "../run/open-run.ts";
import { pluginFlags, registryWith, requirePlugins } from "../run/plugins.ts";
import { resolveEngine } from "../run/resolve.ts";
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
  /** `engine.<option>=<value>` */
  readonly set?: readonly string[];
}

export interface Generated {
  readonly end: GenerationEnd | undefined;
  /** Most tokens the model reads. */
  readonly limit: number;
}

/** Goes on from a prompt, asked as the adapter was trained; each event is a piece of text. */
export async function generate(flags: GenerateFlags, { emit }: JobHost<string>): Promise<Generated> {
  const registry = await registryWith(pluginFlags(flags.plugin));
  const { engine: name, threads, set } = flags;
  const engine = resolveEngine({ engine: name, threads, set }, registry);
  const adapter = flags.adapter === undefined ? undefined : await adapterSettings(flags.adapter, flags);
  const base = chosenModel(flags, adapter);
  const { folder, checkpoint } = await openModel(base, { ...flags, adapterFolder: adapter?.folder });
  const tokenizer = await openTokenizer(folder, adapter?.folder);
  const loaded = await loadModel({
    model: folder,
    architecture: architectureFor(checkpoint.config, folder, registry),
    engine,
    tokenizer,
  });
  const model = await (adapter === undefined
    ? loaded.withoutAdapter({ kind: "language-model" })
    : loaded.loadAdapter(resolve(adapter.folder), { head: adapter.head, method: methodOf(adapter, registry) }));
  const chat = adapter === undefined ? undefined : chatOf(adapter, registry);
  const messages = [{ role: "user", content: flags.prompt }];
  const prompt = flags.chat ? (chat?.prompt(messages, tokenizer) ?? messages) : flags.prompt;
  let end: GenerationEnd | undefined;
  const onEnd = (reason: GenerationEnd): void => {
    end = reason;
  };
  const options = { ...generateOptions({ addBos: chat?.addBos, ...flags }), onEnd };
  for await (const text of model.generate(prompt, options)) {
    emit(text);
    await setImmediate(); // lets the text out: a token blocks the thread
  }
  const { limit } = model.openReader();
  await engine.release();
  return { end, limit };
}

/** How the task of an adapter asks; undefined where it is not known. */
function chatOf({ taskManifest, folder }: AdapterSettings, registry: Registry): ChatFormat | undefined {
  if (taskManifest === undefined) return undefined;
  requirePlugins(taskManifest, registry, folder);
  const task = registry.resolve(taskManifest, "task");
  return isLanguageModelTask(task) ? task.chat : undefined;
}

function generateOptions({
  maxNewTokens,
  temperature,
  topP,
  seed,
  addBos,
}: Omit<GenerateFlags, "addBos"> & { readonly addBos?: boolean | undefined }): GenerateOptions {
  return { maxNewTokens, temperature, topP, seed, ...(addBos === undefined ? {} : { addBos }) };
}
