import { didYouMean, InvalidInputError } from "@blora/spec";

/** Text of a label cell; undefined where it is empty. */
export function labelText(cell: unknown, origin: string): string | undefined {
  if (cell === undefined || cell === null) return undefined;
  if (typeof cell === "object") {
    throw new InvalidInputError(`${origin}: expected one label, found ${JSON.stringify(cell)}.`);
  }
  const text = String(cell).trim();
  return text === "" ? undefined : text;
}

/** @throws InvalidInputError for what is no finite number */
export function numberOf(text: string, origin: string): number {
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidInputError(`${origin}: expected a number as label, found ${JSON.stringify(text)}.`);
}

/** @throws InvalidInputError for a class that training does not know */
export function classOf(text: string, labels: readonly string[], origin: string): number {
  const index = labels.indexOf(text);
  if (index >= 0) return index;
  throw new InvalidInputError(
    `${origin}: expected one of the classes ${labels.join(", ")}, found ${JSON.stringify(text)}.${didYouMean(text, labels)}`,
  );
}
