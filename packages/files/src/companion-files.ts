import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { writeFileDurablySync } from "./durable.ts";
import { pathInside } from "./inside-folder.ts";
import { readJsonFileIfPresent } from "./json-file.ts";

/** Where a checkpoint or an adapter has its chat template; it counts before all other places. */
export const CHAT_TEMPLATE_FILE = "chat_template.jinja";
/** Where an adapter may have its chat template, in the order in which they count. */
export const CHAT_FILES: readonly string[] = [CHAT_TEMPLATE_FILE, "chat_template.json", "tokenizer_config.json"];
/** What a tokenizer, a chat, a generation loop or a reader of the licence reads of a checkpoint. */
const NAMES: ReadonlySet<string> = new Set([
  "tokenizer.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "spm.model",
  "tokenizer.model",
  "sentencepiece.bpe.model",
  "vocab.json",
  "vocab.txt",
  "merges.txt",
  "generation_config.json",
  ...CHAT_FILES,
]);
const TEMPLATES = "additional_chat_templates";
const LICENSE = /^(?:LICEN[CS]E|NOTICE|USE_POLICY)(?:[.-][\w.-]*)?$/i;

/**
 * Whether a file belongs to a checkpoint beside its weights and `config.json`: it is downloaded with them, and goes along
 * wherever the model goes.
 *
 * @param name relative to the model's folder, with `/`
 */
export function isCompanionFile(name: string): boolean {
  return NAMES.has(name) || LICENSE.test(name) || new RegExp(`^${TEMPLATES}/[\\w-]+\\.jinja$`).test(name);
}

/** Names of the companion files in a model's folder, in order. */
function companionFiles(folder: string): string[] {
  const namesIn = (path: string): string[] =>
    existsSync(path)
      ? readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [] : [entry.name]))
      : [];
  const templates = namesIn(join(folder, TEMPLATES)).map((name) => `${TEMPLATES}/${name}`);
  return [...namesIn(folder), ...templates].filter(isCompanionFile).sort();
}

/**
 * Copies a checkpoint's companion files into another folder that is there; one that is there with the same content
 * stays as it is.
 *
 * @returns their names
 * @throws InvalidInputError for a link that leads out of the folder, before anything is copied
 */
export function copyCompanionFiles(from: string, to: string): string[] {
  if (resolve(from) === resolve(to)) return [];
  const names = companionFiles(from);
  const sources = names.map((name) => pathInside(from, name));
  for (const [index, name] of names.entries()) copyChanged(sources[index]!, join(to, name));
  return names;
}

/**
 * Writes the chat template of an adapter's folder, where it has one, into the `chat_template.jinja` of a model that holds the
 * adapter: what it learned was written by that one, and readers take the file before all others.
 */
export function copyChatTemplate(from: string, to: string): void {
  if (existsSync(join(from, CHAT_TEMPLATE_FILE))) {
    copyChanged(pathInside(from, CHAT_TEMPLATE_FILE), join(to, CHAT_TEMPLATE_FILE));
    return;
  }
  const text = CHAT_FILES.slice(1)
    .map((name) => readJsonFileIfPresent(join(from, name))?.chat_template)
    .find((template) => typeof template === "string");
  if (typeof text === "string") writeFileDurablySync(join(to, CHAT_TEMPLATE_FILE), (file) => writeFileSync(file, text));
}

/** Copies a small file, where it is not there with the same content. */
export function copyChanged(source: string, target: string): void {
  const bytes = readFileSync(source);
  if (existsSync(target) && readFileSync(target).equals(bytes)) return;
  mkdirSync(dirname(target), { recursive: true });
  writeFileDurablySync(target, (descriptor) => writeFileSync(descriptor, bytes));
}
