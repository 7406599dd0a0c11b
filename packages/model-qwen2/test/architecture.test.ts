import type { Head } from "@blora/spec";
import { testArchitecture } from "@blora/testing";
import { qwen2 } from "../src/index.ts";
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

for (const name of ["qwen2.5", "qwen1.5-untied-bfloat16", "qwen3-shards"]) {
  testArchitecture(qwen2(), { config: readConfig(name), texts, padding: 0, heads });
}
