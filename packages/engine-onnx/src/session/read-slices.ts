import type { Graph, Initializer } from "../graph/graph.ts";

/** Bytes in a file that is not on the disk are read; what lies elsewhere is given back as it is. */
export async function readSlice(data: Initializer["data"]): Promise<Initializer["data"]> {
  if (data instanceof Uint8Array || data.read === undefined) return data;
  return data.read(data.offset, data.length);
}

/** A graph whose initializers lie in memory or on the disk. */
export async function withSlicesRead(graph: Graph): Promise<Graph> {
  const initializers = await Promise.all(
    graph.initializers.map(async (initializer) => ({ ...initializer, data: await readSlice(initializer.data) })),
  );
  return { ...graph, initializers };
}
