import { answer, parameters } from "../../../../internal/browser/answer.ts";
import { runTests } from "../../../../internal/browser/vitest-in-page.ts";
import { webgpuAdapter } from "../../../../internal/browser/webgpu-adapter.ts";
import { testEngine } from "../../../testing/src/engine/test-engine.ts";
import { onnxWithFiles } from "../../src/web.ts";

const { provider, threads, precision } = parameters();

/** Of a GPU that is made of software, which takes minutes for all cases: most of an op are of four shapes. */
const EVERY_OF_SOFTWARE = 3;

await answer(async () => {
  const adapter = await webgpuAdapter();
  if (provider === "webgpu" && adapter === undefined) return { passed: [], failed: [] };
  const engine = onnxWithFiles("/ort/")({
    provider,
    threads: Number(threads),
    precision: precision === "int8" ? "int8" : "float32",
  });
  const description = await engine.describe();
  testEngine(engine);
  const isSoftware = provider === "webgpu" && adapter?.includes("swiftshader") === true;
  return { description, adapter, ...(await runTests(isSoftware ? EVERY_OF_SOFTWARE : 1)) };
});
