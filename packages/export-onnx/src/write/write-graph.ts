import { type FileHandle, open, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Initializer } from "@blora/engine-onnx";
import type { ExportGraph } from "../graph/build-graph.ts";
import type { StoredTensor } from "../graph/stored-tensor.ts";
import { modelBytes, modelWith } from "./model-bytes.ts";

/** Bytes of weights that go into one file. */
export interface FileLimits {
  /** In the graph's own file: protocol buffers end at 2 GiB. */
  readonly largestInline: number;
  /** In a file beside it: what a browser can hold in one buffer. */
  readonly largestChunk: number;
}

const LIMITS: FileLimits = { largestInline: 1.5 * 2 ** 30, largestChunk: 2 ** 31 - 2 ** 20 };
/** ONNX Runtime maps files from addresses of whole pages. */
const ALIGNMENT = 4096;

export interface WrittenGraph {
  /** Bytes of the graph and of the weights beside it. */
  readonly bytes: number;
  /** Files of weights beside the graph: 0 where it holds them itself. */
  readonly chunks: number;
}

/**
 * Writes a graph and its weights. Those that do not fit go to `<file>_data`,
 * `<file>_data_1`, … as transformers.js and ONNX Runtime look for them; each
 * weight is read, written and forgotten before the next.
 */
export async function writeGraph(
  path: string,
  graph: ExportGraph,
  tensors: readonly StoredTensor[],
  { largestInline, largestChunk }: FileLimits = LIMITS,
): Promise<WrittenGraph> {
  const total = tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= largestInline) {
    const bytes = modelBytes(graph, tensors);
    await writeFile(path, bytes);
    return { bytes: bytes.length, chunks: 0 };
  }
  const { initializers, chunks } = await writeChunks(path, tensors, largestChunk);
  const bytes = modelWith(graph, initializers, (file) => basename(file));
  await writeFile(path, bytes);
  return { bytes: bytes.length + total, chunks };
}

async function writeChunks(
  path: string,
  tensors: readonly StoredTensor[],
  largestChunk: number,
): Promise<{ initializers: Initializer[]; chunks: number }> {
  const initializers: Initializer[] = [];
  let chunk = 0;
  let file = await open(chunkName(path, chunk), "w");
  let offset = 0;
  for (const { name, shape, type, bytes, read } of tensors) {
    if (offset > 0 && offset + bytes > largestChunk) {
      await file.close();
      file = await open(chunkName(path, ++chunk), "w");
      offset = 0;
    }
    await writeAll(file, read(), offset);
    initializers.push({ name, shape, type, data: { path: chunkName(path, chunk), offset, length: bytes } });
    offset = Math.ceil((offset + bytes) / ALIGNMENT) * ALIGNMENT;
  }
  await file.close();
  return { initializers, chunks: chunk + 1 };
}

function chunkName(path: string, chunk: number): string {
  return `${path}_data${chunk === 0 ? "" : `_${chunk}`}`;
}

/** One call takes fewer than 2^31 bytes, and only a part of them where the disk is about to be full. */
async function writeAll(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  const step = 2 ** 30;
  for (let done = 0; done < bytes.length; ) {
    const part = bytes.subarray(done, done + step);
    done += (await file.write(part, 0, part.length, offset + done)).bytesWritten;
  }
}
