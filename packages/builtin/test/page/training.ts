import { onnxWithFiles } from "@blora/engine-onnx/web";
import { checkpointOfRanges } from "@blora/weights";
import { answer } from "../../../../internal/browser/answer.ts";
import { fileOfBlob } from "../../../files/src/web.ts";
import { losses, MODEL_FILES } from "./losses.ts";

/** The model as files that were dropped on the page. */
await answer(async () => {
  const blobs = new Map<string, Blob>();
  for (const name of MODEL_FILES) {
    const response = await fetch(`/model/${name}`);
    if (response.ok) blobs.set(name, await response.blob());
  }
  const ranged = new Map(Array.from(blobs, ([name, blob]) => [name, fileOfBlob(`built-in/${name}`, blob)]));
  const files = new Map<string, Uint8Array>();
  for (const [name, blob] of blobs) files.set(name, new Uint8Array(await blob.arrayBuffer()));
  files.delete("model.safetensors");
  return losses(onnxWithFiles("/ort/")({ threads: 1 }), await checkpointOfRanges(ranged, "built-in"), files);
});
