import { readFrozen } from "@blora/files";
import type { FrozenTensor } from "@blora/spec";
import type { Tensor } from "@blora/tensor";

/** Frozen tensors on a backend, each uploaded once and shared by every step of an engine. */
export interface FrozenStore {
  /** Reads and uploads what is not there yet. */
  load(frozen: ReadonlyMap<string, FrozenTensor>): Promise<ReadonlyMap<string, Tensor>>;
  release(): void;
}

/** `upload` copies values to the backend and returns a tensor no scope frees. */
export function createFrozenStore(upload: (values: Float32Array, shape: readonly number[]) => Tensor): FrozenStore {
  const byFile = new Map<string, Promise<Tensor>>();
  /** By an array in memory, or by what reads a file that is not on the disk. */
  const byOwner = new Map<object, Map<string, Promise<Tensor>>>();

  function slotOf({ shape, storage, source }: FrozenTensor): { slots: Map<string, Promise<Tensor>>; key: string } {
    const layout = JSON.stringify([storage, shape]);
    const isArray = ArrayBuffer.isView(source);
    const owner = isArray ? source : source.read;
    const key = isArray ? layout : JSON.stringify([source.path, source.offset, source.length, layout]);
    if (owner === undefined) return { slots: byFile, key };
    const slots = byOwner.get(owner) ?? new Map<string, Promise<Tensor>>();
    byOwner.set(owner, slots);
    return { slots, key };
  }

  function tensorOf(name: string, frozen: FrozenTensor): Promise<Tensor> {
    const { slots, key } = slotOf(frozen);
    const present = slots.get(key);
    if (present !== undefined) return present;
    const loading = readFrozen(name, frozen).then((values) => upload(values, frozen.shape));
    slots.set(key, loading);
    // A read that failed may succeed later, for instance once a file is complete.
    loading.catch(() => slots.delete(key));
    return loading;
  }

  return {
    async load(frozen) {
      const tensors = new Map<string, Tensor>();
      // One after the other: reading all at once would hold every tensor twice.
      for (const [name, entry] of frozen) tensors.set(name, await tensorOf(name, entry));
      return tensors;
    },
    release() {
      for (const slots of [byFile, ...byOwner.values()]) {
        for (const loading of slots.values()) loading.then((tensor) => tensor.dispose()).catch(() => undefined);
      }
      byFile.clear();
      byOwner.clear();
    },
  };
}
