import { testArchitecture } from "@blora/testing";
import { modernBert } from "../src/index.ts";
import { readJson } from "./fixtures.ts";

testArchitecture(modernBert(), {
  config: readJson("local-and-global/config.json"),
  texts: [
    [1, 17, 25, 33, 8, 2],
    [1, 40, 2],
    [1, 9, 61, 2],
  ],
  padding: 0,
  heads: [
    { kind: "classification", labels: ["a", "b", "c"] },
    { kind: "regression" },
    { kind: "token-classification", labels: ["O", "B"] },
  ],
});
