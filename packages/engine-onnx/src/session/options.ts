import type { InferenceSession } from "onnxruntime-common";
import type { SessionSettings } from "../runtime.ts";

/** How ONNX Runtime runs a graph, wherever it is. */
export function sessionOptions({ threads, providers }: SessionSettings): InferenceSession.SessionOptions {
  return {
    executionProviders: [...providers],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    // An arena and a memory plan of its own would stay with every session: a
    // length bucket that rests would hold the memory of its largest step. The
    // process's allocator serves all of them, at the same speed.
    enableCpuMemArena: false,
    enableMemPattern: false,
    // Traced graphs are fused already: ONNX Runtime's rewrites do not make a step
    // faster, and on the 14,000 nodes of a step that learns gates they take
    // longer than all the rest of compiling. They would also turn every
    // half-precision weight into a second, float32 copy, private to the session.
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 3,
  };
}

/** What every build is told besides. */
export const SESSION_CONFIG: Readonly<Record<string, string>> = {
  // Packed copies of frozen matrices would be private to each session:
  // without them every length bucket shares the mapped pages.
  disable_prepacking: "1",
  // Small blocks keep both cores busy when a neighbour takes one away.
  dynamic_block_base: "4",
  // Otherwise every reader of a rounded tensor dequantizes its codes again.
  disable_quant_qdq: "1",
};
