import type { AdapterStore, LinearSite, Parameter, QuantizedTensor } from "@blora/spec";
import { constantParameter } from "../low-rank.ts";
import { activationsOf, layoutOf, type Operand, quantizerParameter, RANK_GATES, toJson, weightsOf } from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { orderComponents } from "./order-components.ts";

/** Orders components, gives every site its rank gates, and sets the ranges from trained tensors. */
export async function startGates(
  settings: BloraSettings,
  store: AdapterStore,
  sites: readonly LinearSite[],
): Promise<void> {
  if (sites.length === 0) return;
  // The first author's code keeps the order of initialization.
  if (settings.learnRank && !settings.portCompat) for (const { path } of sites) orderComponents(store, path);
  const observed = activationsOf(settings).length === 0 ? undefined : await store.observe();
  for (const { path } of sites) {
    const { rank } = layoutOf(store.get(path));
    const operands = operandsAtStart(settings, store, path, observed?.get(path) ?? {});
    const gates = constantParameter([Math.max(0, rank - 1)], settings.initialGateLogit, "gates");
    store.update(path, {
      layout: toJson({ phase: "gates", rank, signed: signs(operands), bits: {} }),
      parameters: {
        ...quantizerStarts(settings, operands),
        ...(settings.learnRank && rank > 1 && { [RANK_GATES]: gates }),
      },
    });
  }
}

/** What each quantizer sets its range from. */
function operandsAtStart(
  settings: BloraSettings,
  store: AdapterStore,
  path: string,
  observed: Readonly<Record<string, number>>,
): Map<Operand, QuantizedTensor> {
  const { parameters } = store.get(path);
  const operands = new Map<Operand, QuantizedTensor>();
  for (const matrix of weightsOf(settings)) {
    const values = matrix === "W0" ? store.baseWeight(path) : parameters[matrix]!.values;
    // E may have kept one sign, where unsigned levels are finer; the others are symmetric around 0.
    operands.set(matrix, { values, signed: matrix !== "E" || values.some((value) => value < 0) });
  }
  for (const activation of activationsOf(settings)) {
    const smallest = observed[`${activation}.min`]!;
    const largest = observed[`${activation}.max`]!;
    operands.set(activation, { values: Float32Array.of(smallest, largest), signed: smallest < 0 });
  }
  return operands;
}

function signs(operands: ReadonlyMap<Operand, QuantizedTensor>): Partial<Record<Operand, boolean>> {
  return Object.fromEntries([...operands].map(([operand, { signed }]) => [operand, signed]));
}

function quantizerStarts(
  { quantizer }: BloraSettings,
  operands: ReadonlyMap<Operand, QuantizedTensor>,
): Record<string, Parameter> {
  return Object.fromEntries(
    [...operands].flatMap(([operand, tensor]) =>
      Object.entries(quantizer.init(tensor)).map(([name, parameter]) => [quantizerParameter(operand, name), parameter]),
    ),
  );
}
