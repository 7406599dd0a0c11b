import { testEngine } from "@blora/testing";
import { tfjs } from "../src/index.ts";

testEngine(tfjs({ backend: "cpu" }));
testEngine(tfjs({ backend: "wasm" }), tfjs({ backend: "cpu" }));
