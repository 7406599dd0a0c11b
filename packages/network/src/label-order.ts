import { type Head, InvalidInputError, isJsonRecord, type JsonObject } from "@blora/spec";

/** Names that say nothing: what Hugging Face calls labels that nobody named. */
const UNNAMED = /^label_\d+$/;

/**
 * For each label of a head the place that a checkpoint's own head has it at; undefined where that is the same place, or
 * where the checkpoint names no labels or others altogether. Names are compared as `Not-Equivalent` and
 * `not_equivalent` are the same.
 *
 * @param config `config.json`, which names the labels of the head beside it
 * @throws InvalidInputError where the two share some names in other places: neither order can be what both mean
 */
export function labelOrder(config: JsonObject, head: Head, origin: string): readonly number[] | undefined {
  if (!("labels" in head)) return undefined;
  const stored = storedLabels(config);
  if (stored?.length !== head.labels.length) return undefined;
  const theirs = stored.map(plain);
  const ours = head.labels.map(plain);
  if (theirs.every((label) => UNNAMED.test(label)) || ours.every((label, index) => label === theirs[index])) {
    return undefined;
  }
  const order = ours.map((label) => theirs.indexOf(label));
  if (!order.some((place, index) => place >= 0 && place !== index)) return undefined;
  if (new Set(order).size === order.length && !order.includes(-1)) return order;
  throw new InvalidInputError(
    `${origin}: expected a head for the labels ${head.labels.join(", ")}, found one for ${stored.join(", ")} in id2label of its config.json. ` +
      "Give the task the same labels in the same order, or name them LABEL_0, LABEL_1, … there to take the head as it is.",
  );
}

/**
 * Rows of a tensor in another order, where it has one for each label.
 *
 * @param values row by row
 */
export function reorderRows(values: Float32Array, order: readonly number[]): Float32Array {
  const width = values.length / order.length;
  const reordered = new Float32Array(values.length);
  for (const [row, place] of order.entries()) {
    reordered.set(values.subarray(place * width, (place + 1) * width), row * width);
  }
  return reordered;
}

function storedLabels({ id2label, label2id }: JsonObject): readonly string[] | undefined {
  const entries = isJsonRecord(id2label)
    ? Object.entries(id2label).map(([index, label]) => [Number(index), String(label)] as const)
    : isJsonRecord(label2id)
      ? Object.entries(label2id).map(([label, index]) => [Number(index), label] as const)
      : [];
  const labels = entries.sort(([a], [b]) => a - b);
  return labels.length > 0 && labels.every(([index], place) => index === place)
    ? labels.map(([, label]) => label)
    : undefined;
}

function plain(label: string): string {
  return label
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");
}
