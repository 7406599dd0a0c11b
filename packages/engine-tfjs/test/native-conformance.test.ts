import { BloraError } from "@blora/spec";
import { testEngine } from "@blora/testing";
import { test } from "vitest";
import { tfjs } from "../src/index.ts";

// tfjs keeps one native backend per process: the GPU one where it is installed.
const engines = [tfjs({ backend: "tensorflow-gpu" }), tfjs({ backend: "tensorflow" })];
const reasons: string[] = [];
for (const engine of engines) {
  const reason = await engine.describe().then(
    () => undefined,
    (error: unknown) => {
      if (BloraError.isInstance(error) && error.name === "MissingDependencyError") return error.message;
      throw error;
    },
  );
  if (reason === undefined) {
    testEngine(engine, tfjs({ backend: "wasm" }));
    reasons.length = 0;
    break;
  }
  reasons.push(reason);
}
for (const reason of reasons) {
  console.warn(`Native backend not tested. ${reason}`);
  test.skip(`conforms on a native backend (${reason})`, () => undefined);
}
