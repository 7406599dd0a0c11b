import { onnx } from "@blora/engine-onnx";
import { tfjs } from "@blora/engine-tfjs";
import { testParity } from "@blora/testing";
import { modernBert } from "../src/index.ts";
import { optionSets } from "./fixtures.ts";

testParity(modernBert(), optionSets, onnx);
testParity(modernBert(), optionSets, () => tfjs({ backend: "cpu" }));
