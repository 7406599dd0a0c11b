import { testArchitecture } from "@blora/testing";
import { llama } from "../src/index.ts";
import { readConfig } from "./fixtures.ts";

const texts = [
  [1, 17, 25, 33, 8, 2],
  [1, 40, 2],
  [9, 61, 30, 5],
];

for (const name of ["llama-3", "llama-biases", "mistral"]) {
  testArchitecture(llama(), { config: readConfig(name), texts, padding: 0, heads: [{ kind: "language-model" }] });
}
