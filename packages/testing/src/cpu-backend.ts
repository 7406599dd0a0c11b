// biome-ignore lint/style/noRestrictedImports: the kits have to compute somewhere, and this file alone says where.
import "@tensorflow/tfjs-backend-cpu";
// biome-ignore lint/style/noRestrictedImports: same reason.
import { env, setBackend } from "@tensorflow/tfjs-core";
import { beforeAll } from "vitest";

/** Runs the tests of this file or block eagerly on the CPU. Safe to call more than once. */
export function useCpuBackend(): void {
  beforeAll(async () => {
    // Keeps the backend from advertising the native bindings in every test log. IS_TEST would too, but it
    // also takes the tensors a gradient saves for leaks.
    env().set("PROD", true);
    await setBackend("cpu");
  });
}
