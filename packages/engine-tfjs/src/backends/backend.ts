/** What computes. `tensorflow` and `tensorflow-gpu` are native and have to be installed; the others are always there. */
export type BackendId = "tensorflow-gpu" | "tensorflow" | "wasm" | "cpu";

/** A backend that is ready to run. */
export interface Backend {
  readonly id: BackendId;
  /** Name in the registry of tfjs. */
  readonly registryName: string;
  readonly threads: number;
  readonly version: string;
}
