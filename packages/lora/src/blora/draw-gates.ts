import type { Context, TracedAdapter } from "@blora/spec";
import type { Tensor } from "@blora/tensor";
import {
  COMPONENT_GATES,
  layoutOf,
  type Operand,
  quantizerParameter,
  quantizerParameters,
  RANK_GATES,
} from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { drawRankGates } from "./rank-gates.ts";

const NAMESPACE = "gates";

/** Adapters with the gates of one pass drawn, all in one chain: a chain for each makes up half the graph of a step. */
export function drawGates(
  settings: BloraSettings,
  adapters: readonly TracedAdapter[],
  context: Context,
): TracedAdapter[] {
  const ranks = drawRanks(settings, adapters, context);
  const widths = drawWidths(settings, adapters, context);
  return adapters.map((adapter) => {
    const drawn = { ...ranks.get(adapter), ...widths.get(adapter) };
    return { ...adapter, parameters: { ...adapter.parameters, ...drawn } };
  });
}

type Drawn = ReadonlyMap<TracedAdapter, Readonly<Record<string, Tensor>>>;

function drawRanks(settings: BloraSettings, adapters: readonly TracedAdapter[], context: Context): Drawn {
  const learning = adapters.filter(({ parameters }) => parameters[RANK_GATES] !== undefined);
  const logits = learning.map(({ parameters }) => parameters[RANK_GATES]!);
  const gates = drawRankGates(settings, logits, context, NAMESPACE);
  return new Map(learning.map((adapter, index) => [adapter, { [COMPONENT_GATES]: gates[index]! }]));
}

function drawWidths({ quantizer }: BloraSettings, adapters: readonly TracedAdapter[], context: Context): Drawn {
  const operands = adapters.flatMap((adapter) => learnedOperands(adapter).map((operand) => ({ adapter, operand })));
  if (operands.length === 0 || quantizer.drawAll === undefined) return new Map();
  const parameters = operands.map(({ adapter, operand }) => quantizerParameters(adapter.parameters, operand));
  const drawn = new Map(adapters.map((adapter) => [adapter, {} as Record<string, Tensor>]));
  quantizer.drawAll(parameters, context, `${NAMESPACE}/bits`).forEach((own, index) => {
    const { adapter, operand } = operands[index]!;
    for (const [name, tensor] of Object.entries(own)) drawn.get(adapter)![quantizerParameter(operand, name)] = tensor;
  });
  return drawn;
}

/** Operands whose width is not fixed yet. */
function learnedOperands(adapter: TracedAdapter): Operand[] {
  const { signed, bits } = layoutOf(adapter);
  return (Object.keys(signed) as Operand[]).filter((operand) => bits[operand] === undefined);
}
