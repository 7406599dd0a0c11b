import { answer, parameters } from "../../../../internal/browser/answer.ts";
import { runTests } from "../../../../internal/browser/vitest-in-page.ts";
import { testEngine } from "../../../testing/src/engine/test-engine.ts";
import { onnxWithFiles } from "../../src/web.ts";

const { provider, threads, precision } = parameters();

await answer(async () => {
  const engine = onnxWithFiles("/ort/")({
    provider,
    threads: Number(threads),
    precision: precision === "int8" ? "int8" : "float32",
  });
  const description = await engine.describe();
  testEngine(engine);
  return { description, ...(await runTests()) };
});
