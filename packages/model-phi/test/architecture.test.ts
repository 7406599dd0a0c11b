import { testArchitecture } from "@blora/testing";
import { phi } from "../src/index.ts";
import { readConfig } from "./fixtures.ts";

const texts = [
  [1, 17, 25, 33, 8, 2],
  [1, 40, 2],
  [9, 61, 30, 5],
];

for (const name of ["phi-2", "phi-float16"]) {
  testArchitecture(phi(), { config: readConfig(name), texts, padding: 0, heads: [{ kind: "language-model" }] });
}
