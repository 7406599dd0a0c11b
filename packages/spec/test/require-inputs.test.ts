import { expect, test } from "vitest";
import { InvalidInputError, requireHead, requireLength, requirePositions } from "../src/index.ts";

test("a head the network lacks is refused, and those it has are named", () => {
  const head = { kind: "language-model" } as const;
  expect(() => requireHead("bert", head, "classification", "regression", "masked-language-model")).toThrow(
    "bert: expected a classification, regression or masked-language-model head, found language-model",
  );
  expect(() => requireHead("phi", { kind: "regression" }, "language-model")).toThrow(
    "phi: expected a language-model head, found regression",
  );
  expect(() => requireHead("phi", head, "regression")).toThrow(InvalidInputError);
  requireHead("phi", head, "language-model");
});

test("a text longer than the network is refused", () => {
  requireLength("bert", 512, 512);
  expect(() => requireLength("bert", 513, 512)).toThrow(
    "bert: expected at most 512 tokens (max_position_embeddings or sliding_window), found 513",
  );
});

test("a head that predicts tokens needs to know which", () => {
  const head = { kind: "language-model" } as const;
  expect(requirePositions("phi", head, { positions: 3 })).toBe(3);
  expect(() => requirePositions("phi", head, {})).toThrow(
    "phi: a language-model head needs batch.positions, found none",
  );
});
