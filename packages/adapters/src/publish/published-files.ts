import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  ADAPTER_DESCRIPTION_FILE,
  ADAPTER_PACKED_FILE,
  CHAT_TEMPLATE_FILE,
  PEFT_CONFIG_FILE,
  PEFT_TENSORS_FILE,
  readJsonFile,
} from "@blora/files";
import type { PublishedFile } from "@blora/hub";
import { InvalidInputError, type JsonObject } from "@blora/spec";
import { type AdapterDescription, parseDescription, stringifyDescription } from "../description.ts";
import { CARD_MARK, modelCard, type PublishOptions } from "./model-card.ts";

const LICENSE = /^[a-z\d][a-z\d.+-]*$/i;
const HUB_ID = /^[A-Za-z0-9][\w.-]{0,95}(?:\/[A-Za-z0-9_][\w.-]{0,95})?$/;

/**
 * Everything that goes out for an adapter: its four files, the chat template it learned by where it brings one, and a model card, which is the
 * folder's own `README.md` where there is one. No other file of the folder is read, and of a base model that is not on the Hub only the last
 * part of its name goes out, in words that are no Hub id.
 *
 * @throws InvalidInputError where the folder holds no packed adapter, `baseModel` is no Hub id or `license` no identifier
 */
export function publishedFiles(folder: string, options: PublishOptions): PublishedFile[] {
  const { baseModel, license } = options;
  if (license !== undefined && !LICENSE.test(license)) {
    throw new InvalidInputError(
      `license: expected an identifier such as apache-2.0, or other for one of your own, found ${JSON.stringify(license)}.`,
    );
  }
  if (baseModel !== undefined && !HUB_ID.test(baseModel)) {
    throw new InvalidInputError(
      `base model: expected the id of a Hub model, such as microsoft/deberta-v3-base, found ${JSON.stringify(baseModel)}.`,
    );
  }
  const absent = [ADAPTER_DESCRIPTION_FILE, ADAPTER_PACKED_FILE, PEFT_CONFIG_FILE, PEFT_TENSORS_FILE].filter(
    (name) => !existsSync(join(folder, name)),
  );
  if (absent.length > 0) {
    throw new InvalidInputError(
      `${folder}: expected an adapter that training wrote, found it without ${absent.join(", ")}. A model that was trained whole is no adapter: write it with blora merge.`,
    );
  }
  const path = join(folder, ADAPTER_DESCRIPTION_FILE);
  const stored = parseDescription(readJsonFile(path) as JsonObject, path);
  // A commit belongs to the repository it was found in.
  const baseRevision = baseModel === stored.baseModel ? stored.baseRevision : undefined;
  const description = { ...stored, baseModel: baseModel ?? localModel(stored.baseModel), baseRevision };
  const { revision: _, ...peft } = readJsonFile(join(folder, PEFT_CONFIG_FILE)) as JsonObject;
  const config = {
    ...peft,
    base_model_name_or_path: baseModel ?? null,
    ...(baseRevision !== undefined && { revision: baseRevision }),
  };
  const ownCard = join(folder, "README.md");
  const template = join(folder, CHAT_TEMPLATE_FILE);
  return [
    existsSync(ownCard)
      ? { path: "README.md", bytes: readFileSync(ownCard) }
      : { ...textFile("README.md", modelCard(description, options)), mark: CARD_MARK },
    textFile(PEFT_CONFIG_FILE, `${JSON.stringify(config, null, 2)}\n`),
    { path: PEFT_TENSORS_FILE, bytes: readFileSync(join(folder, PEFT_TENSORS_FILE)) },
    textFile(ADAPTER_DESCRIPTION_FILE, stringifyDescription(description)),
    { path: ADAPTER_PACKED_FILE, bytes: readFileSync(join(folder, ADAPTER_PACKED_FILE)) },
    ...(existsSync(template) ? [{ path: CHAT_TEMPLATE_FILE, bytes: readFileSync(template) }] : []),
  ];
}

/** The Hub id an adapter was trained on; undefined for a local folder, which may be named like an id. */
export function hubBaseModel({ baseModel, baseRevision, baseSha256 }: AdapterDescription): string | undefined {
  // Adapters that kept no content named folders as they were given, in words that may look like an id.
  const isNamed = baseRevision !== undefined || (baseSha256 !== undefined && baseModel.includes("/"));
  return isNamed && HUB_ID.test(baseModel) ? baseModel : undefined;
}

export function textFile(path: string, text: string): PublishedFile {
  return { path, bytes: new TextEncoder().encode(text) };
}

/** Folders of this machine stay here: only their last name goes out, and nothing takes it for an id. */
function localModel(model: string): string {
  const name = model.split(/[/\\]/).filter(Boolean).at(-1);
  return name === undefined ? "a local model" : `a local model (${name})`;
}
