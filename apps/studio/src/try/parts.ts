import { bops } from "@blora/bops";
import { createRegistry } from "@blora/core";
import { onnxWithFiles } from "@blora/engine-onnx/web";
import { hardConcrete } from "@blora/gates";
import { blora, lora } from "@blora/lora";
import { bert } from "@blora/model-bert";
import { debertaV2 } from "@blora/model-deberta-v2";
import { modernBert } from "@blora/model-modernbert";
import { roberta } from "@blora/model-roberta";
import { bayesianBits, uniform } from "@blora/quantizers";
import { type Architecture, type Engine, type JsonObject, type Method, NotFoundError } from "@blora/spec";
import { addressBeside } from "./addresses.ts";
import type { Settings } from "./messages.ts";

const ARCHITECTURES = [bert, roberta, debertaV2, modernBert] as const;

/** As the command line resolves its manifests, so that an adapter says the same of how it was made. */
const registry = createRegistry([blora, lora, uniform, bayesianBits, hardConcrete]);
const GATE = { $plugin: "gate/hard-concrete" };

export function createEngine(): Engine {
  return onnxWithFiles(addressBeside("ort/"))({});
}

export const costModel: ReturnType<typeof bops> = bops();

export function methodOf({ method, budget }: Settings): Method {
  if (method === "lora") return registry.resolve({ $plugin: "method/lora", options: {} }, "method");
  return registry.resolve(
    {
      $plugin: "method/blora",
      options: {
        bopsTarget: budget,
        quantizer: { $plugin: "quantizer/uniform", options: { bits: [0, 2, 3, 4, 8], gate: GATE } },
        siteQuantizer: { $plugin: "quantizer/bayesian-bits", options: { gate: GATE } },
      },
    },
    "method",
  );
}

/** @throws NotFoundError naming the kinds of models that the page knows */
export function architectureOf(config: JsonObject, model: string): Architecture {
  const architectures = ARCHITECTURES.map((architecture) => architecture());
  const found = architectures.find(({ modelTypes }) => modelTypes.includes(String(config.model_type)));
  if (found !== undefined) return found;
  const known = architectures.flatMap(({ modelTypes }) => modelTypes).join(", ");
  throw new NotFoundError(
    `${model}: expected a model of the kinds ${known}, found ${JSON.stringify(config.model_type ?? null)}. The command line knows more.`,
  );
}
