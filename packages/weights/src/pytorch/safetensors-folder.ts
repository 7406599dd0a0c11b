import { existsSync, readdirSync, realpathSync, rmSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  cacheFolder,
  copyChanged,
  copyCompanionFiles,
  inFolder,
  isCompanionFile,
  makeFolder,
  PYTORCH_FILE,
  PYTORCH_INDEX_FILE,
  pathInside,
  readJsonFile,
  requireFreeSpace,
  sha256,
  WEIGHTS_FILE,
  WEIGHTS_INDEX_FILE,
  weightsFormat,
  writeNewFolderDurably,
} from "@blora/files";
import { InvalidInputError, isJsonRecord, NotFoundError } from "@blora/spec";
import { readSafetensorsHeader } from "../read-tensor.ts";
import { convertPytorchFile } from "./convert-pytorch-file.ts";

const CONFIG = "config.json";

export interface SafetensorsFolderOptions {
  /** Where converted weights are kept. Default: `BLORA_CACHE`, or `blora` in the user's cache. */
  readonly cache?: string;
}

/**
 * The folder itself where it holds safetensors. One with PyTorch's `pytorch_model.bin`, whole or in shards, stands in
 * the cache as safetensors: written once and again where a file has changed, its other files beside it as the folder has them.
 * Nothing of the PyTorch files is run.
 *
 * @throws NotFoundError for shards that are missing, InvalidInputError for files that are no state dicts
 */
export async function safetensorsFolder(folder: string, options: SafetensorsFolderOptions = {}): Promise<string> {
  if (weightsFormat(inFolder(folder)) !== "pytorch") return folder;
  const files = pytorchFiles(folder);
  const stats = files.map((name) => statSync(join(folder, name), { bigint: true }));
  const identity = files.map((name, index) => {
    // Copies and archives bring the time of a file's content along; its inode and the time of that do not come twice.
    const { size, ino, mtimeNs, ctimeNs } = stats[index]!;
    return [pathInside(folder, name), size, ino, mtimeNs, ctimeNs].join(" ");
  });
  const converted = join(options.cache ?? cacheFolder(), "pytorch", sha256([realpathSync(folder), ...identity]));
  if (weightsFormat(inFolder(converted)) !== "safetensors") {
    await makeFolder(dirname(converted));
    const size = stats.reduce((sum, file) => sum + Number(file.size), 0);
    await requireFreeSpace(dirname(converted), size, {
      what: `the weights of ${folder} as safetensors`,
      advice: "Name a folder with more room in BLORA_CACHE.",
    });
    await writeNewFolderDurably(converted, (aside) => convertAll(folder, files, aside)).catch((error) => {
      // Another process may have made the same meanwhile, and others may read it already.
      if (weightsFormat(inFolder(converted)) !== "safetensors") throw error;
    });
  }
  const companions = copyCompanionFiles(folder, converted);
  const earlier = readdirSync(converted).filter((name) => isCompanionFile(name) && !companions.includes(name));
  for (const name of earlier) rmSync(join(converted, name), { force: true });
  copyChanged(pathInside(folder, CONFIG), join(converted, CONFIG));
  return converted;
}

/** Names of the PyTorch files of a folder that has some. */
function pytorchFiles(folder: string): readonly string[] {
  if (existsSync(join(folder, PYTORCH_FILE))) return [PYTORCH_FILE];
  const index = join(folder, PYTORCH_INDEX_FILE);
  const { weight_map: weightMap } = readJsonFile(index);
  const names = isJsonRecord(weightMap) ? [...new Set(Object.values(weightMap))].sort() : [];
  if (names.length === 0 || !names.every((name) => typeof name === "string" && /^[\w-][\w.-]*\.bin$/.test(name))) {
    throw new InvalidInputError(`${index}: expected an object weight_map of tensor names to .bin files of its folder.`);
  }
  const absent = names.filter((name) => !existsSync(join(folder, String(name))));
  if (absent.length === 0) return names.map(String);
  throw new NotFoundError(
    `${folder} lacks ${absent.length} of the ${names.length} files its index names: ${absent.join(", ")}`,
  );
}

async function convertAll(folder: string, files: readonly string[], target: string): Promise<void> {
  if (files.length === 1) return convertPytorchFile(pathInside(folder, files[0]!), join(target, WEIGHTS_FILE));
  const weightMap: Record<string, string> = {};
  for (const name of files) {
    const shard = name.replace(/\.bin$/, ".safetensors");
    await convertPytorchFile(pathInside(folder, name), join(target, shard));
    for (const tensor of readSafetensorsHeader(join(target, shard)).tensors.keys()) weightMap[tensor] = shard;
  }
  await writeFile(join(target, WEIGHTS_INDEX_FILE), `${JSON.stringify({ weight_map: weightMap }, null, 2)}\n`);
}
