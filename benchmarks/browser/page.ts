/** The worker of `run.ts`: fetches a model as a page does, and times steps on it. */
import { onnxWithFiles } from "@blora/engine-onnx/web";
import type { Precision } from "@blora/spec";
import { answer, parameters } from "../../internal/browser/answer.ts";
import { webgpuAdapter } from "../../internal/browser/webgpu-adapter.ts";
import { type Training, timeSteps } from "./steps.ts";

const { provider, threads, precision, training } = parameters();

await answer(async () => {
  const adapter = await webgpuAdapter();
  if (provider === "webgpu" && adapter === undefined) return { adapter, times: undefined };
  const files = new Map<string, Uint8Array>();
  for (const name of ["config.json", "model.safetensors"]) {
    files.set(name, new Uint8Array(await (await fetch(`/model/${name}`)).arrayBuffer()));
  }
  const engine = onnxWithFiles("/ort/")({ provider, threads: Number(threads), precision: precision as Precision });
  const { version } = await engine.describe();
  return { adapter, version, times: await timeSteps(engine, files, JSON.parse(training!) as Training) };
});
