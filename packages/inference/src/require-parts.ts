import type { PlainAdapter } from "@blora/network";
import { InvalidInputError } from "@blora/spec";
import { isText } from "./require-inputs.ts";

/** A part of what is loaded: its name, the example an error gives, whether a value can be one. */
export interface ExpectedPart {
  readonly expected: string;
  readonly value: unknown;
  readonly holds: (value: unknown) => boolean;
}

/** An object with such a method: a plugin that was not called is none. */
export const has =
  (method: string) =>
  (value: unknown): boolean =>
    typeof (value as Readonly<Record<string, unknown>> | null | undefined)?.[method] === "function";

/** For callers that no type holds back. @throws InvalidInputError that names all that is wrong */
export function requireParts(caller: string, parts: readonly ExpectedPart[]): void {
  const wrong = parts.filter(({ value, holds }) => !holds(value));
  if (wrong.length === 0) return;
  const found = wrong.map(({ expected, value }) => `${expected}, found ${shown(value)}`);
  throw new InvalidInputError(`${caller}: expected ${found.join("; ")}.`);
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return typeof value === "object" ? "another object" : `a ${typeof value}`;
}

/** The name of an adapter. */
export function requireAdapterName(adapter: unknown): void {
  const expected = "an adapter, such as the path of its folder";
  requireParts("loadAdapter", [{ expected, value: adapter, holds: isText }]);
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** What a model predicts: one of its kinds, with the labels that classes need. */
export function requireHead(caller: string, head: unknown): void {
  const { kind, labels }: Partial<Record<"kind" | "labels", unknown>> = isObject(head) ? head : {};
  const needsLabels = kind === "classification" || kind === "token-classification";
  requireParts(caller, [
    { expected: 'a head, such as { kind: "language-model" }', value: kind === undefined ? head : kind, holds: isText },
    ...(needsLabels ? [{ expected: `labels of a ${kind} head`, value: labels, holds: Array.isArray }] : []),
  ]);
}

/** An adapter in memory. */
export function requireWeights(weights: Partial<PlainAdapter> | undefined): void {
  requireParts("useAdapter", [
    { expected: "updates, a Map by site path", value: weights?.updates, holds: has("get") },
    { expected: "headTensors by name", value: weights?.headTensors, holds: isObject },
  ]);
  requireHead("useAdapter", weights?.head);
}
