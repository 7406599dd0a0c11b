import { fileURLToPath } from "node:url";
import type { EngineDescription } from "@blora/spec";
import { describe, expect, test } from "vitest";
import { chromiumPath } from "../../../internal/browser/chromium.ts";
import type { PageResults } from "../../../internal/browser/vitest-in-page.ts";
import { runInWorkerOfPage } from "../../../internal/browser/worker-page.ts";

if (chromiumPath === undefined) {
  console.warn("No Chromium was found, so the engine is not run in a page. Install it, or name it in CHROMIUM.");
}

const entry = fileURLToPath(new URL("./page/conformance.ts", import.meta.url));

interface Conformance extends PageResults {
  readonly description: EngineDescription;
  /** Absent where there is no WebGPU. */
  readonly adapter?: string;
}

function conformance(parameters: Record<string, string>, isolated: boolean): Promise<Conformance> {
  return runInWorkerOfPage<Conformance>({ entry, parameters, isolated });
}

describe.skipIf(chromiumPath === undefined)("the engine in Chromium", () => {
  test.each(["wasm", "webgpu"])("says which files it misses, every time it is asked: %s", async (provider) => {
    const missing = fileURLToPath(new URL("./page/missing-files.ts", import.meta.url));
    const run = { entry: missing, parameters: { provider }, isolated: false };
    const expected =
      /^onnx engine: expected the \.wasm and \.mjs files of onnxruntime-web .* found none that load \(.+\)\.$/;
    const messages = await runInWorkerOfPage<string[]>(run);
    expect(messages).toEqual([expect.stringMatching(expected), expect.stringMatching(expected)]);
  });

  test.each([
    { threads: 1, isolated: false, precision: "float32" },
    { threads: 2, isolated: true, precision: "float32" },
    { threads: 1, isolated: false, precision: "int8" },
  ])(
    "passes its kit in WebAssembly: $threads threads, $precision",
    async ({ threads, isolated, precision }) => {
      const parameters = { provider: "wasm", threads: String(threads), precision };
      const { failed, passed, description } = await conformance(parameters, isolated);
      expect(failed).toEqual([]);
      expect(passed.length).toBeGreaterThan(350);
      expect(description).toMatchObject({ id: "onnx", provider: "wasm", threads });
    },
    600_000,
  );

  test("passes its kit on WebGPU", { timeout: 600_000 }, async ({ skip }) => {
    const { failed, passed, description, adapter } = await conformance({ provider: "webgpu", threads: "1" }, false);
    if (adapter === undefined) {
      console.warn("Chromium has no WebGPU adapter, so the engine is not run on one.");
      skip("no WebGPU adapter");
    }
    console.log(`WebGPU on ${adapter}: ${passed.length} cases`);
    expect(failed).toEqual([]);
    expect(passed.length).toBeGreaterThan(120);
    expect(description).toMatchObject({ id: "onnx", provider: "webgpu" });
  });
});
