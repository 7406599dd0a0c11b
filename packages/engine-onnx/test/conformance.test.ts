import { testEngine } from "@blora/testing";
import { onnx } from "../src/index.ts";

testEngine(onnx({ threads: 1 }));
testEngine(onnx({ threads: 2 }));
testEngine(onnx({ threads: 2, precision: "int8" }));
