import { testArchitecture } from "@blora/testing";
import { debertaV2 } from "../src/index.ts";
import { readJson } from "./fixtures.ts";

const texts = [
  [1, 17, 25, 33, 8, 2],
  [1, 40, 2],
  [1, 9, 61, 2],
];
const labels = ["no", "yes"];

for (const name of ["v3", "separate-keys", "v2-xlarge", "masked-language-model"]) {
  testArchitecture(debertaV2(), {
    config: readJson(`${name}/config.json`),
    texts,
    padding: 0,
    heads: [
      { kind: "classification", labels },
      { kind: "regression" },
      { kind: "masked-language-model" },
      { kind: "token-classification", labels },
    ],
  });
}
