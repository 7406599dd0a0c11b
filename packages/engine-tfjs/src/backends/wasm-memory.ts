import { BloraError } from "@blora/spec";

/** The part of the compiled module that hands out memory. */
export interface WasmModule {
  _malloc: ((bytes: number) => number) & { readonly [guarded]?: true };
}

const guarded: unique symbol = Symbol.for("blora.wasm.guarded");

/**
 * Makes allocation throw when memory is exhausted. WebAssembly addresses 4 GiB;
 * beyond that `malloc` returns 0 and tfjs would go on at address 0, over the
 * values of other tensors.
 */
export function guardWasmMemory(module: WasmModule): void {
  if (module._malloc[guarded]) return;
  let allocate = module._malloc;
  const guardedAllocate = Object.assign(
    (bytes: number): number => {
      const address = allocate(bytes);
      if (address !== 0 || bytes === 0) return address;
      throw new BloraError(
        `The wasm backend has no memory left for another ${bytes} bytes; it can address 4 GiB. Use shorter or smaller batches, or another engine.`,
      );
    },
    { [guarded]: true } as const,
  );
  Object.defineProperty(module, "_malloc", {
    configurable: true,
    get: () => guardedAllocate,
    // The module replaces its own entry by the compiled function on first use.
    set: (compiled: WasmModule["_malloc"]) => {
      allocate = compiled;
    },
  });
}
