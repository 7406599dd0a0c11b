import { addressBeside } from "./addresses.ts";
import type { ModelChoice, Told } from "./messages.ts";
import { openShelf } from "./storage.ts";

/** Files of a model by name. */
export type ModelFiles = Map<string, Uint8Array>;

const WEIGHTS = "model.safetensors";
/** Those that a model must have, and those of which it has some. */
const NEEDED: readonly string[] = ["config.json", WEIGHTS];
const OPTIONAL: readonly string[] = [
  ...["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "vocab.json", "merges.txt"],
  ...["spm.model", "tokenizer.model", "sentencepiece.bpe.model"],
];
/** Other files of the same folder, such as pictures and other frameworks' weights, stay where they are. */
const WANTED: ReadonlySet<string> = new Set([...NEEDED, ...OPTIONAL]);

const ID = /^[\w.-]+\/[\w.-]+$/;

/**
 * The files of a model: those that come with the page, of a folder that was chosen, or of the Hub, which are kept.
 *
 * @throws Error with a sentence for a model that cannot be had, or lacks a file
 */
export async function modelFiles(choice: ModelChoice, tell: (told: Told) => void): Promise<ModelFiles> {
  if (choice.kind === "files") return droppedFiles(choice.files, choice.name);
  if (choice.kind === "builtin") {
    return fetched(
      ["config.json", WEIGHTS, "tokenizer.json", "tokenizer_config.json"],
      builtinAddress,
      "builtin",
      tell,
    );
  }
  const { id, host } = choice;
  if (!ID.test(id)) {
    throw new Error(
      `Expected a model of the Hub such as sentence-transformers/all-MiniLM-L6-v2, found ${JSON.stringify(id)}.`,
    );
  }
  const shelf = await openShelf(`model ${id.replace("/", " ")}`).catch(() => undefined);
  const kept: ModelFiles = new Map();
  for (const name of (await shelf?.names()) ?? []) kept.set(name, (await shelf!.read(name))!);
  if (NEEDED.every((name) => kept.has(name))) return kept;
  const files = await fetched([...NEEDED, ...OPTIONAL], (name) => `${host}/${id}/resolve/main/${name}`, id, tell);
  // The weights last: a model without them was not kept whole.
  const names = [...files.keys()].sort((a, b) => Number(a === WEIGHTS) - Number(b === WEIGHTS));
  for (const name of names) await shelf?.write(name, files.get(name)!).catch(() => undefined);
  return files;
}

function builtinAddress(name: string): string {
  return addressBeside(`model/${name}`);
}

async function droppedFiles(files: readonly File[], folder: string): Promise<ModelFiles> {
  const wanted = files.filter(({ name }) => WANTED.has(name));
  const missing = NEEDED.filter((name) => !wanted.some((file) => file.name === name));
  if (missing.length > 0) {
    const names = files.map(({ name }) => name).slice(0, 8);
    throw new Error(
      `${folder}: expected ${missing.join(" and ")} in the folder of a model, found ${names.join(", ") || "nothing"}.`,
    );
  }
  return new Map(
    await Promise.all(wanted.map(async (file) => [file.name, new Uint8Array(await file.arrayBuffer())] as const)),
  );
}

async function fetched(
  names: readonly string[],
  addressOf: (name: string) => string,
  model: string,
  tell: (told: Told) => void,
): Promise<ModelFiles> {
  const files: ModelFiles = new Map();
  for (const name of names) {
    const bytes = await fetchFile(addressOf(name), `${model}/${name}`, tell);
    if (bytes !== undefined) files.set(name, bytes);
    else if (NEEDED.includes(name)) {
      throw new Error(
        `${model}: expected ${name}, found none. A model for this page has its weights in one ${WEIGHTS}, and needs no login.`,
      );
    }
  }
  return files;
}

/** Undefined where there is no such file. */
async function fetchFile(address: string, file: string, tell: (told: Told) => void): Promise<Uint8Array | undefined> {
  const response = await fetch(address).catch((cause: Error) => {
    const why = navigator.onLine
      ? `no answer from ${new URL(address).host} (${cause.message})`
      : "this tab is offline, and this browser keeps no copy of the model";
    throw new Error(`${file}: ${why}.`, { cause });
  });
  if (response.status === 404 || response.status === 401) return undefined;
  if (!response.ok || response.body === null)
    throw new Error(`${file}: expected a file, found status ${response.status}.`);
  const length = Number(response.headers.get("content-length"));
  const total = length > 0 && response.headers.get("content-encoding") === null ? length : undefined;
  const parts: Uint8Array[] = [];
  let received = 0;
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    parts.push(part);
    received += part.length;
    tell({ told: "download", file, received, total });
  }
  const bytes = new Uint8Array(received);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
