import { onnx } from "@blora/engine-onnx";
import { tfjs } from "@blora/engine-tfjs";
import { testParity } from "@blora/testing";
import { debertaV2 } from "../src/index.ts";
import { optionSets } from "./fixtures.ts";

testParity(debertaV2(), optionSets(), onnx);
testParity(debertaV2(), optionSets(), () => tfjs({ backend: "cpu" }));
