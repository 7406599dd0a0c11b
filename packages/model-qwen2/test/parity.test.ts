import { onnx } from "@blora/engine-onnx";
import { tfjs } from "@blora/engine-tfjs";
import { testParity } from "@blora/testing";
import { qwen2 } from "../src/index.ts";
import { classifiers, optionSets } from "./fixtures.ts";

testParity(qwen2(), [...optionSets, ...classifiers], onnx);
testParity(qwen2(), [...optionSets, ...classifiers], () => tfjs({ backend: "cpu" }));
