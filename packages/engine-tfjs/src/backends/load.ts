import { BloraError, MissingDependencyError } from "@blora/spec";
import type { Backend, BackendId } from "./backend.ts";
import { loadCpu } from "./cpu.ts";
import { loadNative } from "./native.ts";
import { loadWasm } from "./wasm.ts";

/** Fastest first. */
export const BACKEND_IDS: readonly BackendId[] = ["tensorflow-gpu", "tensorflow", "wasm", "cpu"];

/** Loads a backend, or with `auto` the fastest one that is installed. Throws `MissingDependencyError`. */
export async function loadBackend(wanted: BackendId | "auto", moduleFolder: string | undefined): Promise<Backend> {
  if (wanted !== "auto") return loadOne(wanted, moduleFolder);
  for (const id of BACKEND_IDS) {
    try {
      return await loadOne(id, moduleFolder);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  throw new MissingDependencyError("No tfjs backend loads, not even cpu: install @blora/engine-tfjs again.");
}

/** By name, which tells errors of another installed copy of the package apart, too. */
function isMissing(error: unknown): boolean {
  return BloraError.isInstance(error) && error.name === "MissingDependencyError";
}

function loadOne(id: BackendId, moduleFolder: string | undefined): Promise<Backend> {
  if (id === "cpu") return loadCpu();
  return id === "wasm" ? loadWasm() : loadNative(id, moduleFolder);
}
