import { onnx } from "@blora/engine-onnx";
import { tfjs } from "@blora/engine-tfjs";
import { testParity } from "@blora/testing";
import { bert } from "../src/index.ts";
import { optionSets } from "./fixtures.ts";

testParity(bert(), optionSets, onnx);
testParity(bert(), optionSets, () => tfjs({ backend: "cpu" }));
