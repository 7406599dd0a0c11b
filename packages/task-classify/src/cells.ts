import { labelIndices, labelName, numberInText, shownCell, shownNames } from "@blora/data";
import { didYouMean, InvalidInputError } from "@blora/spec";

/** Text of a label cell; undefined where it is empty. */
export function labelText(cell: unknown, origin: string): string | undefined {
  if (isEmpty(cell)) return undefined;
  if (typeof cell === "object") {
    throw new InvalidInputError(`${origin}: expected one label, found ${shownCell(cell)}.`);
  }
  return labelName(String(cell));
}

/**
 * Checks that a number is the one that was written: beyond 2^53 JSON's numbers are rounded, and two classes may be one.
 *
 * @throws InvalidInputError for a whole number that may be another
 */
export function requireExactLabel(cell: unknown, origin: string): void {
  if (typeof cell !== "number" || !Number.isInteger(cell) || Number.isSafeInteger(cell)) return;
  throw new InvalidInputError(
    `${origin}: expected a class that a JSON number can tell from others, found one near ${cell}, beyond 2^53: write it as text, in quotes.`,
  );
}

export function isEmpty(cell: unknown): boolean {
  return cell === undefined || cell === null || (typeof cell === "string" && cell.trim() === "");
}

/** Whether a row has no label: an empty cell, or the Hub's -1 where the classes are known and none is called so. */
export function isUnlabelled(cell: unknown, classes: readonly string[] | undefined): boolean {
  if (isEmpty(cell)) return true;
  return classes !== undefined && typeof cell !== "object" && String(cell).trim() === "-1" && !classes.includes("-1");
}

/** @throws InvalidInputError for what is no finite number */
export function numberOf(text: string, origin: string): number {
  const value = numberInText(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidInputError(`${origin}: expected a number as label, found ${JSON.stringify(text)}.`);
}

const SHOWN = 12;

/**
 * Indices of classes by name, collecting those that are none.
 *
 * @throws InvalidInputError in `requireKnown`, which lists every class that training does not know
 */
export function createClassIndex(labels: readonly string[]) {
  const indexOf = labelIndices(labels);
  const unknown = new Map<string, string>();
  return {
    indexOf(label: string, origin: string): number {
      const index = indexOf(label);
      if (index === undefined && !unknown.has(label)) unknown.set(label, origin);
      return index ?? -1;
    },
    requireKnown(): void {
      const [[label, origin] = [], ...others] = unknown;
      if (label === undefined) return;
      const names = others.slice(0, SHOWN).map(([name]) => JSON.stringify(name));
      const more = others.length > SHOWN ? ` and ${others.length - SHOWN} more` : "";
      const listed = others.length === 0 ? "" : ` and, in later rows, ${names.join(", ")}${more}`;
      throw new InvalidInputError(
        `${origin}: expected one of the classes ${shownNames(labels)}, found ${JSON.stringify(label)}${listed}.${others.length === 0 ? didYouMean(label, labels) : ""}`,
      );
    },
  };
}
