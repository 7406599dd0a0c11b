import { join } from "node:path";
import {
  ADAPTER_DESCRIPTION_FILE,
  ADAPTER_PACKED_FILE,
  CHAT_FILES,
  PEFT_CONFIG_FILE,
  PEFT_TENSORS_FILE,
} from "@blora/files";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import type { RepositoryContent } from "./download.ts";
import { isFile, type ResolveModelOptions, resolveRepository } from "./resolve-repository.ts";

/** Tensors, and what describes them. */
const FORMS = [
  [ADAPTER_PACKED_FILE, ADAPTER_DESCRIPTION_FILE],
  [PEFT_TENSORS_FILE, PEFT_CONFIG_FILE],
] as const;

const ADAPTER: RepositoryContent = {
  type: "model",
  noun: "adapter",
  example: "org/my-adapter",
  missing(folder) {
    const lacking = FORMS.map((form) => form.filter((name) => !isFile(join(folder, name))));
    return lacking.reduce((least, names) => (names.length < least.length ? names : least));
  },
  choose(names, id) {
    const whole = FORMS.filter((form) => form.every((name) => names.has(name)));
    if (whole.length > 0) return [...CHAT_FILES.filter((name) => names.has(name)), ...whole.flat()];
    if (names.has("adapter_model.bin")) {
      throw new InvalidInputError(
        `${id} holds its adapter only as the pickle file adapter_model.bin, which can run code when it is read. ` +
          `Convert it once in Python with PEFT: load it and call save_pretrained("converted")`,
      );
    }
    const expected = FORMS.map((form) => form.join(" with ")).join(", or ");
    throw new NotFoundError(`${id} is no adapter: expected ${expected}, found neither`);
  },
};

/**
 * The folder of an adapter: the folder itself, or an adapter of the Hugging Face
 * Hub, downloaded into the cache as models are. Only the adapter's own files are
 * downloaded: PEFT's two, the two packed ones where it has them, and the files its chat template may be in.
 *
 * Throws as `resolveModel` does.
 */
export async function resolveAdapter(idOrFolder: string, options: ResolveModelOptions = {}): Promise<string> {
  return resolveRepository(idOrFolder, ADAPTER, options);
}
