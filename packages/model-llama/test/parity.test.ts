import { onnx } from "@blora/engine-onnx";
import { tfjs } from "@blora/engine-tfjs";
import { testParity } from "@blora/testing";
import { llama } from "../src/index.ts";
import { classifiers, optionSets } from "./fixtures.ts";

testParity(llama(), [...optionSets, ...classifiers], onnx);
testParity(llama(), [...optionSets, ...classifiers], () => tfjs({ backend: "cpu" }));
