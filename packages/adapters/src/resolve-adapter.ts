import { InvalidInputError, NotFoundError } from "@blora/spec";
import { type RepositoryContent, type ResolveModelOptions, resolveRepository } from "@blora/weights";
import { DESCRIPTION_FILE, PACKED_FILE } from "./adapter-folder.ts";
import { CONFIG_FILE, TENSORS_FILE } from "./peft/names.ts";

/** Tensors, and what describes them. */
const FORMS = [
  [PACKED_FILE, DESCRIPTION_FILE],
  [TENSORS_FILE, CONFIG_FILE],
] as const;

const ADAPTER: RepositoryContent = {
  noun: "adapter",
  example: "org/my-adapter",
  isWhole: (has) => FORMS.some((form) => form.every(has)),
  choose(names, id) {
    const whole = FORMS.filter((form) => form.every((name) => names.has(name)));
    if (whole.length > 0) return whole.flat();
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
 * downloaded: PEFT's two, and the two packed ones where it has them.
 *
 * Throws as `resolveModel` does.
 */
export async function resolveAdapter(idOrFolder: string, options: ResolveModelOptions = {}): Promise<string> {
  return resolveRepository(idOrFolder, ADAPTER, options);
}
