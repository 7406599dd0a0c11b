import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ADAPTER_DESCRIPTION_FILE, isCompanionFile, PEFT_CONFIG_FILE } from "@blora/files";
import { InvalidInputError, parseStrictJsonObject } from "@blora/spec";
import { CONFIG, LIBRARY, type LibraryConfig } from "./exported-config.ts";

const NAMED = 3;

/**
 * An export goes where nothing is, or where an earlier one is: into the folder of a model or an adapter it would put
 * its own configuration and tokenizer in place of theirs.
 *
 * @throws InvalidInputError where the folder holds files an export would replace, and no export wrote them
 */
export function requireExportFolder(path: string): void {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) throw new InvalidInputError(`${path}: expected a folder to write, found a file.`);
  const others = readdirSync(path).filter(isOthers);
  if (others.length === 0 || isExport(join(path, CONFIG))) return;
  const more = others.length > NAMED ? ` and ${others.length - NAMED} more` : "";
  throw new InvalidInputError(
    `${path}: expected a folder that is absent, without a model, or holds an earlier export; found ${others.slice(0, NAMED).join(", ")}${more} of a model or an adapter, which an export would replace. Choose another folder: nothing was written.`,
  );
}

/**
 * Graphs in several weight formats share a folder, with one `config.json`: they are of one adapter.
 *
 * @param file the graph that is about to be written
 * @throws InvalidInputError where a graph of another adapter would stay beside it, under the labels of this one
 */
export function requireSameAdapter(path: string, file: string, adapterSha256: string): void {
  const { use_external_data_format: graphs = {}, adapter_sha256: earlier } = libraryConfig(join(path, CONFIG)) ?? {};
  if (earlier === undefined || earlier === adapterSha256) return;
  const others = Object.keys(graphs).filter((name) => name !== file && existsSync(join(path, "onnx", name)));
  if (others.length === 0) return;
  throw new InvalidInputError(
    `${path}: expected earlier exports of the same adapter beside ${file}, found ${others.join(", ")} of another one, which would stay under the labels of this one. Choose another folder, or remove it: nothing was written.`,
  );
}

function isOthers(name: string): boolean {
  const isModel = name === CONFIG || name === "onnx" || isCompanionFile(name) || name.endsWith(".safetensors");
  return isModel || name === ADAPTER_DESCRIPTION_FILE || name === PEFT_CONFIG_FILE;
}

function isExport(path: string): boolean {
  return libraryConfig(path) !== undefined;
}

function libraryConfig(path: string): LibraryConfig | undefined {
  if (!existsSync(path)) return undefined;
  return parseStrictJsonObject(readFileSync(path), { origin: path })[LIBRARY] as LibraryConfig | undefined;
}
