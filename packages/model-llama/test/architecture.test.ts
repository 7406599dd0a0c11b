import type { Head } from "@blora/spec";
import { testArchitecture } from "@blora/testing";
import { llama } from "../src/index.ts";
import { readConfig } from "./fixtures.ts";

const texts = [
  [1, 17, 25, 33, 8, 2],
  [1, 40, 2],
  [9, 61, 30, 5],
];

const heads: Head[] = [
  { kind: "language-model" },
  { kind: "classification", labels: ["a", "b", "c"] },
  { kind: "classification", labels: ["a", "b", "c"], several: true },
  { kind: "regression" },
  { kind: "token-classification", labels: ["O", "B"] },
];

for (const name of ["llama-3", "llama-biases", "mistral"]) {
  testArchitecture(llama(), { config: readConfig(name), texts, padding: 0, heads });
}
