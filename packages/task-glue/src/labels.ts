import { numberInText, shownCell } from "@blora/data";
import { InvalidInputError } from "@blora/spec";
import type { GlueTask } from "./tasks.ts";

/** Range of STS-B's similarity scores. */
export const SCORE_RANGE: readonly [number, number] = [0, 5];

/** Reads one label cell. Undefined means unlabelled: an empty cell, `-`, or the Hub's -1. */
export type LabelParser = (cell: unknown, origin: string) => number | undefined;

/**
 * How the label cells of one file are read: class names and class numbers to
 * indices of `task.head.labels`, scores to themselves.
 *
 * @param storedNames names the file gives its class numbers; they decide, whatever their order
 * @throws InvalidInputError where the file's classes are not the task's.
 */
export function labelParser(task: GlueTask, file: string, storedNames: readonly string[] | undefined): LabelParser {
  if (task.head.kind !== "classification") return parseScore;
  const { labels } = task.head;
  const names = storedNames ?? labels;
  if (names.length !== labels.length || !labels.every((name) => names.includes(name))) {
    throw new InvalidInputError(`${file}: expected the classes ${labels.join(", ")}, found ${names.join(", ")}.`);
  }
  return (cell, origin) => {
    const text = labelText(cell);
    if (text === undefined) return undefined;
    const name = /^\d+$/.test(text) ? names[Number(text)] : text;
    const index = name === undefined ? -1 : labels.indexOf(name);
    if (index >= 0) return index;
    const expected = `${labels.join(", ")} or 0 to ${labels.length - 1}`;
    throw new InvalidInputError(`${origin}: expected a label (${expected}), found ${JSON.stringify(text)}.`);
  };
}

function parseScore(cell: unknown, origin: string): number | undefined {
  const text = labelText(cell);
  if (text === undefined) return undefined;
  const score = numberInText(text);
  const [low, high] = SCORE_RANGE;
  if (score >= low && score <= high) return score;
  throw new InvalidInputError(`${origin}: expected a score from ${low} to ${high}, found ${JSON.stringify(text)}.`);
}

function labelText(cell: unknown): string | undefined {
  // A list of one number would read as that number.
  if (typeof cell === "object" && cell !== null) return shownCell(cell);
  const text = String(cell ?? "");
  return text === "" || text === "-" || Number(text) === -1 ? undefined : text;
}
