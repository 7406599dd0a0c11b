import { isPeft } from "@blora/adapters";
import { InvalidInputError } from "@blora/spec";

/** @throws InvalidInputError for the folder of a model that was trained whole, of which there is no update */
export function requirePlain(folder: string): void {
  if (isPeft(folder)) return;
  throw new InvalidInputError(
    `${folder}: expected plain LoRA, found none, as of a model that was trained whole. Merge it, which makes a base model of it.`,
  );
}
