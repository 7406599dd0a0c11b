import { onnx } from "@blora/engine-onnx";
import { tfjs } from "@blora/engine-tfjs";
import { testParity } from "@blora/testing";
import { phi } from "../src/index.ts";
import { optionSets } from "./fixtures.ts";

testParity(phi(), optionSets, onnx);
testParity(phi(), optionSets, () => tfjs({ backend: "cpu" }));
