import { bytesOf } from "../graph/graph.ts";
import { createGraphBuilder } from "../graph/graph-builder.ts";
import type { SessionSettings, Sessions } from "../runtime.ts";
import type { CodeType } from "../trace/backend.ts";

/** Rows, inner size and columns of the products that are tried: a row alone takes another path than several. */
const SIZES = [
  [1, 64, 32],
  [4, 64, 32],
] as const;

/** The largest codes of both sides: sums of two such products do not fit 16 bits. */
const LARGEST = [255, 127] as const;

/** The type of codes on the right of a product whose sums are exact on this processor: signed is faster, and exact with VNNI instructions alone. */
export async function exactCodes(sessions: Sessions, settings: SessionSettings): Promise<CodeType> {
  const graph = createGraphBuilder();
  const [left, right] = LARGEST;
  const zero = graph.constant(Uint8Array.of(0), [], "uint8");
  const outputs = SIZES.map(([M, K, N]) => {
    const codes = graph.constant(new Uint8Array(M * K).fill(left), [M, K], "uint8");
    const matrix = graph.constant(bytesOf(new Int8Array(K * N).fill(right)), [K, N], "int8");
    const sums = graph.node("MatMulInteger", [codes.name, matrix.name, zero.name], [M, N], "int32");
    return graph.node("Cast", [sums.name], [M, N], "float32", { attributes: { to: 1 } });
  });
  const named = Object.fromEntries(outputs.map((value, index) => [`${index}`, value]));
  const session = await sessions.create(graph.finish(named), settings);
  const results = await session.run({});
  const isExact = SIZES.every(([, K], index) => results[`${index}`]!.every((sum) => sum === K * left * right));
  await session.release();
  return isExact ? "int8" : "uint8";
}
