import { onnx } from "@blora/engine-onnx";
import { tfjs } from "@blora/engine-tfjs";
import { testParity } from "@blora/testing";
import { phi } from "../src/index.ts";
import { classifiers, optionSets } from "./fixtures.ts";

testParity(phi(), [...optionSets, ...classifiers], onnx);
testParity(phi(), [...optionSets, ...classifiers], () => tfjs({ backend: "cpu" }));
