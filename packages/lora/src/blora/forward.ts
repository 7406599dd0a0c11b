import { type BaseLinear, type Context, FLOAT_BITS, type TracedAdapter, type VectorWidths } from "@blora/spec";
import { ops, rowsOf, type Tensor, type TensorRecord } from "@blora/tensor";
import { applyUpdate, dropout } from "../low-rank.ts";
import { type ChainShares, chainShares, joinGates, joinRows, openComponents } from "./gates.ts";
import { inJoinedOrder, joinVectors, separateVectors, type VectorMatrix } from "./joined-vectors.ts";
import { activationRounding, drawLargeOperands, roundedBaseProduct } from "./large-operands.ts";
import { activationsOf, layoutOf, type Operand, quantizerParameters, scaleIn } from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { roundBy } from "./vectors.ts";

/** The adapters of one pass with A and B rounded, as their gates are drawn or decided or as their layout says. */
export function prepareAdapters(
  settings: BloraSettings,
  adapters: readonly TracedAdapter[],
  context: Context,
): TracedAdapter[] {
  const learning = adapters.filter((adapter) => layoutOf(adapter).phase === "gates");
  const settled = adapters.filter((adapter) => layoutOf(adapter).phase === "settle");
  const prepared = new Map([...settledMatrices(settings, settled), ...gatedMatrices(settings, learning, context)]);
  return adapters.map((adapter) => ({
    ...adapter,
    parameters: { ...adapter.parameters, ...prepared.get(adapter) },
  }));
}

type Prepared = Map<TracedAdapter, Record<string, Tensor>>;

function settledMatrices(settings: BloraSettings, adapters: readonly TracedAdapter[]): Prepared {
  const widthsOf = ({ adapter, operand, count }: Matrix) => layoutOf(adapter).bits[operand]!.slice(0, count);
  const rounded = trainedMatrices(settings, adapters).filter((matrix) =>
    widthsOf(matrix).some((bits) => bits !== FLOAT_BITS),
  );
  return roundMatrices(settings, rounded, (matrices) => matrices.flatMap(widthsOf));
}

function gatedMatrices(settings: BloraSettings, adapters: readonly TracedAdapter[], context: Context): Prepared {
  if (adapters.length === 0) return new Map();
  const training = context.mode === "train";
  const gates = joinGates(settings, adapters);
  const shares = chainShares(settings, gates, training ? "drawn" : "decided", context.uniform);
  const prepared = new Map<TracedAdapter, Record<string, Tensor>>(adapters.map((adapter) => [adapter, {}]));
  const chainOf = (operand: Operand) => (settings.granularity === "component" ? "components" : operand);
  for (const [chain, ofChain] of groupBy(trainedMatrices(settings, adapters), ({ operand }) => chainOf(operand))) {
    const rounded = roundMatrices(settings, ofChain, (matrices) => {
      return { shares: sharesOf(matrices, shares.get(chain)!), oneHot: !training };
    });
    for (const [adapter, own] of rounded) Object.assign(prepared.get(adapter)!, own);
  }
  closeComponents(shares, adapters, prepared);
  const large = drawLargeOperands(settings, gates, shares, context);
  for (const [index, adapter] of adapters.entries()) Object.assign(prepared.get(adapter)!, large[index]);
  return prepared;
}

/** B·diag(g), g [R] being what the rank gates leave of each component. */
function closeComponents(shares: ChainShares, adapters: readonly TracedAdapter[], prepared: Prepared): void {
  const ranks = shares.get("rank");
  if (ranks === undefined) return;
  for (const [index, open] of rowsOf(openComponents(ranks)).entries()) {
    const own = prepared.get(adapters[index]!)!;
    own.B = ops.mul(own.B!, open);
  }
}

/** A trained matrix as the vectors that have a width of their own. */
interface Matrix extends VectorMatrix {
  readonly adapter: TracedAdapter;
  /** Place of its adapter among those that are prepared alike. */
  readonly site: number;
  readonly operand: "A" | "B";
  /** K */
  readonly length: number;
}

function trainedMatrices({ granularity }: BloraSettings, adapters: readonly TracedAdapter[]): Matrix[] {
  return adapters.flatMap((adapter, site) =>
    (["A", "B"] as const).flatMap((operand) => {
      const trained = adapter.parameters[operand];
      if (trained === undefined) return [];
      const values = granularity === "matrix" ? ops.reshape(trained, [1, -1]) : trained;
      const areColumns = granularity === "component" && operand === "B";
      const [count, length] = (areColumns ? values.shape.toReversed() : values.shape) as [number, number];
      return [{ adapter, site, operand, values, areColumns, count, length }];
    }),
  );
}

/** All matrices whose vectors have one length are rounded in one call: a call for each makes up most of the graph of a step. */
function roundMatrices(
  settings: BloraSettings,
  matrices: readonly Matrix[],
  widthsOf: (matrices: readonly Matrix[]) => VectorWidths,
): Prepared {
  const rounded: Prepared = new Map();
  for (const unordered of groupBy(matrices, ({ length }) => length).values()) {
    const group = inJoinedOrder(unordered);
    const parameters = joinParameters(
      group.map(({ adapter, operand }) => quantizerParameters(adapter.parameters, operand)),
    );
    const widths = widthsOf(group);
    const values = roundBy(settings.quantizer, parameters, joinVectors(group), true, widths);
    for (const [index, part] of separateVectors(values, group).entries()) {
      const { adapter, operand } = group[index]!;
      const { shape } = adapter.parameters[operand]!;
      rounded.set(adapter, { ...rounded.get(adapter), [operand]: ops.reshape(part, shape) });
    }
  }
  return rounded;
}

/** The rows of the vectors of some matrices, of the shares [S·N, L] of all sites. */
function sharesOf(matrices: readonly Matrix[], shares: Tensor): Tensor {
  const rows = matrices.flatMap(({ site, count }) => Array.from({ length: count }, (_, row) => site * count + row));
  const isAll = rows.length === shares.shape[0] && rows.every((row, index) => row === index);
  return isAll ? shares : ops.gather(shares, ops.tensor(rows, [rows.length], "int32"));
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function joinParameters(all: readonly TensorRecord[]): TensorRecord {
  return Object.fromEntries(Object.keys(all[0]!).map((name) => [name, joinRows(all.map((own) => own[name]!))]));
}

/** y = W̃0·x̃ + s·B̃·(Ã·x̃)~, where ~ rounds what the scope names. x [M, I] → [M, O] */
export function applyBlora(
  settings: BloraSettings,
  adapter: TracedAdapter,
  x: Tensor,
  base: BaseLinear,
  context: Context,
): Tensor {
  const { A, B } = adapter.parameters;
  const { phase } = layoutOf(adapter);
  const scaled = B && ops.mul(B, scaleIn(settings, adapter));
  if (phase === "warmup" || activationsOf(settings).length === 0) {
    return A === undefined
      ? base.apply(x)
      : applyUpdate(adapter.site, { A, B: scaled! }, x, base, context, settings.dropout);
  }
  const round = activationRounding(settings, adapter, x.shape[0]!, context);
  const input = round("input", x);
  const h =
    A && round("afterA", ops.matMul(dropout(input, settings.dropout, context, adapter.site.path), A, false, true));
  const update = h && { h, B: scaled! }; // h [M, R]
  if (settings.scope === "site") return roundedBaseProduct(settings, adapter, input, update, base, context);
  return base.apply(x, undefined, update);
}
