import { onnxWithFiles } from "@blora/engine-onnx/web";
import { answer } from "../../../../internal/browser/answer.ts";
import { losses, MODEL_FILES } from "./losses.ts";

await answer(async () => {
  const files = new Map<string, Uint8Array>();
  for (const name of MODEL_FILES) {
    const response = await fetch(`/model/${name}`);
    if (response.ok) files.set(name, new Uint8Array(await response.arrayBuffer()));
  }
  return losses(onnxWithFiles("/ort/")({ threads: 1 }), files);
});
