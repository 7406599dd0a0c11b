import { onnx } from "@blora/engine-onnx";
import { tfjs } from "@blora/engine-tfjs";
import { testParity } from "@blora/testing";
import { roberta } from "../src/index.ts";
import { optionSets } from "./fixtures.ts";

testParity(roberta(), optionSets, onnx);
testParity(roberta(), optionSets, () => tfjs({ backend: "cpu" }));
