import { onnx } from "@blora/engine-onnx";
import { tfjs } from "@blora/engine-tfjs";
import { testParity } from "@blora/testing";
import { llama } from "../src/index.ts";
import { optionSets } from "./fixtures.ts";

testParity(llama(), optionSets, onnx);
testParity(llama(), optionSets, () => tfjs({ backend: "cpu" }));
