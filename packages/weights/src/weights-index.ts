import { InvalidInputError, isJsonRecord, type JsonRecord } from "@blora/spec";

/**
 * Which file has which tensor, as `model.safetensors.index.json` says: tensor name to file name.
 *
 * @throws InvalidInputError for a file that is not named plainly, as one of the same folder
 */
export function parseWeightsIndex({ weight_map: weightMap }: JsonRecord, path: string): ReadonlyMap<string, string> {
  if (!isJsonRecord(weightMap))
    throw new InvalidInputError(`${path}: expected an object weight_map of tensor names to files`);
  return new Map(
    Object.entries(weightMap).map(([tensor, shard]): [string, string] => {
      const isPlainName = typeof shard === "string" && /^[\w.-]+\.safetensors$/.test(shard) && !shard.startsWith(".");
      if (isPlainName) return [tensor, shard];
      throw new InvalidInputError(
        `${path}: expected for tensor ${JSON.stringify(tensor)} the name of a .safetensors file in the same folder, ` +
          `found ${JSON.stringify(shard)}`,
      );
    }),
  );
}
