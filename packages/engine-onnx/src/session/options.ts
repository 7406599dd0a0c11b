import type { InferenceSession } from "onnxruntime-node";

/** How ONNX Runtime runs a graph. */
export interface SessionSettings {
  readonly threads: number;
  /** Execution providers in order of preference, such as `cuda` and `cpu`. */
  readonly providers: readonly string[];
}

export function sessionOptions(
  { threads, providers }: SessionSettings,
  dataFolder: string | undefined,
): InferenceSession.SessionOptions {
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
    extra: {
      session: {
        // Packed copies of frozen matrices would be private to each session:
        // without them every length bucket shares the mapped pages.
        disable_prepacking: "1",
        // Small blocks keep both cores busy when a neighbour takes one away.
        dynamic_block_base: "4",
        // Otherwise every reader of a rounded tensor dequantizes its codes again.
        disable_quant_qdq: "1",
        ...(dataFolder === undefined ? {} : { model_external_initializers_file_folder_path: dataFolder }),
      },
    },
  };
}
