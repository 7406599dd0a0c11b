import type { Engine, Precision } from "@blora/spec";
import { ops } from "@blora/tensor";
import { activate } from "./backends/activate.ts";
import type { Backend, BackendId } from "./backends/backend.ts";
import { loadBackend } from "./backends/load.ts";
import { createFrozenStore } from "./frozen-store.ts";
import { createStep } from "./step.ts";

export interface TfjsOptions {
  /** What computes; by default the fastest backend that is installed. */
  readonly backend?: BackendId | "auto" | undefined;
  /**
   * Project whose node_modules hold a native backend, such as one built by
   * `blora native`. By default the folder named by BLORA_NATIVE_FOLDER, or
   * where Node finds packages.
   */
  readonly moduleFolder?: string | undefined;
  /** Steps are computed in float32; `int8` is accepted, and `describe` says so. */
  readonly precision?: Precision | undefined;
}

/**
 * Runs steps eagerly. The backend is loaded on first use, so making an engine
 * costs nothing and never fails.
 */
export function createTfjsEngine({ backend: wanted = "auto", moduleFolder, precision }: TfjsOptions = {}): Engine {
  let loading: Promise<Backend> | undefined;
  const ready = (): Promise<Backend> => {
    loading ??= loadBackend(wanted, moduleFolder);
    return loading;
  };
  let current: Backend | undefined;
  const makeCurrent = (): void => activate(current!.registryName);
  const frozen = createFrozenStore((values, shape) => {
    makeCurrent();
    return ops.tensor(values, [...shape]);
  });

  return {
    async describe() {
      const { id, threads, version } = await ready();
      const note = precision === "int8" && { note: "tfjs computes in float32, int8 is for onnx" };
      return { id: "tfjs", provider: id, threads, version, ...note };
    },
    async compile(step) {
      current = await ready();
      return createStep(step, await frozen.load(step.frozen), makeCurrent);
    },
    async release() {
      frozen.release();
    },
  };
}
