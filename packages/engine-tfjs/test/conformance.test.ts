import { testEngine } from "@blora/testing";
import { tfjs } from "../src/index.ts";

// Both in one process: tfjs has one current backend, and the engines must not disturb each other.
testEngine(tfjs({ backend: "cpu" }));
testEngine(tfjs({ backend: "wasm" }), tfjs({ backend: "cpu" }));
