import type { Network, PlainAdapter } from "@blora/network";
import type { Head, LowRankUpdate } from "@blora/spec";
import { type HostTensor, normalValues, sizeOf } from "@blora/tensor";

/** An adapter with drawn values on every linear map of a network: ranks 1 to 4 in turn. */
export function drawnAdapter({ linears, architecture, config }: Network, head: Head, seed = 1): PlainAdapter {
  const draw = (path: string, size: number, deviation: number): Float32Array =>
    normalValues({ seed, step: 0, path }, size, deviation);
  const updates = new Map<string, LowRankUpdate>();
  linears.forEach(({ path, inFeatures, outFeatures }, index) => {
    const rank = 1 + (index % 4);
    const A = draw(`${path}/A`, rank * inFeatures, 0.1);
    updates.set(path, { rank, A, B: draw(`${path}/B`, outFeatures * rank, 0.1) });
  });
  const headTensors: Record<string, HostTensor> = {};
  for (const { name, shape, role } of architecture.parameters(config, head))
    if (role === "head") headTensors[name] = { shape, values: draw(name, sizeOf(shape), 0.1) };
  return { updates, headTensors, head, maxSeqLength: 512 };
}
