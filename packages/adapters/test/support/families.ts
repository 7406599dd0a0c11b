import { bert } from "@blora/model-bert";
import { debertaV2 } from "@blora/model-deberta-v2";
import { llama } from "@blora/model-llama";
import { modernBert } from "@blora/model-modernbert";
import { phi } from "@blora/model-phi";
import { qwen2 } from "@blora/model-qwen2";
import { roberta } from "@blora/model-roberta";
import type { Architecture, LinearSite, Method, ParameterSpec } from "@blora/spec";
import { linear, ops, type Tensor } from "@blora/tensor";
import {
  createTestContext,
  frozenBase,
  readReferenceModel,
  referenceInputs,
  toBatch,
  toTensors,
  valuesOf,
} from "@blora/testing";
import type { AdapterWeights } from "../../src/index.ts";

export const FIXTURES: URL = new URL("../../../../fixtures/", import.meta.url);

export type FamilyName =
  | "deberta-v3"
  | "bert"
  | "phi"
  | "qwen2"
  | "qwen2-classes"
  | "phi-number"
  | "roberta"
  | "modernbert"
  | "mistral";

interface FamilyFixture {
  readonly architecture: unknown;
  readonly folder: string;
  readonly batch: string;
}

/** Checkpoint and batch of every family, as fixtures/peft/common.py has them. */
export const FAMILIES: Readonly<Record<FamilyName, FamilyFixture>> = {
  "deberta-v3": { architecture: debertaV2(), folder: "deberta-v2/v3/", batch: "short" },
  bert: { architecture: bert(), folder: "bert/pairs/", batch: "short" },
  phi: { architecture: phi(), folder: "causal/phi-2/", batch: "right" },
  qwen2: { architecture: qwen2(), folder: "causal/qwen2.5/", batch: "right" },
  "qwen2-classes": { architecture: qwen2(), folder: "causal/qwen2-classes/", batch: "right" },
  "phi-number": { architecture: phi(), folder: "causal/phi-number/", batch: "right" },
  roberta: { architecture: roberta(), folder: "roberta/pairs/", batch: "short" },
  modernbert: { architecture: modernBert(), folder: "modernbert/local-and-global/", batch: "short" },
  mistral: { architecture: llama(), folder: "causal/mistral/", batch: "left" },
};

export const FAMILY_NAMES: readonly FamilyName[] = Object.keys(FAMILIES) as FamilyName[];

/** A small network of one family, and what it computes with adapters in place. */
export interface Family {
  readonly linears: readonly LinearSite[];
  readonly head: readonly ParameterSpec[];
  readonly headKind: ReturnType<typeof readReferenceModel>["head"];
  /** Logits of the family's batch. */
  logits(method: Method, weights: AdapterWeights): number[][];
}

export function openFamily(name: FamilyName): Family {
  const { folder, batch } = FAMILIES[name];
  const architecture = FAMILIES[name].architecture as Architecture;
  const model = readReferenceModel(new URL(folder, FIXTURES));
  const config = architecture.parseConfig(model.json);
  const linears = architecture.sites(config);
  const specs = architecture.parameters(config, model.head);
  return {
    linears,
    head: specs.filter(({ role }) => role === "head"),
    headKind: model.head,
    logits(method, { adapters, head }) {
      const inputs = referenceInputs(architecture, model, toBatch(model.cases[batch]!));
      const lookup = (tensor: string): Tensor => {
        const trained = head[tensor];
        return trained === undefined ? inputs.lookup(tensor) : ops.tensor(trained.values, [...trained.shape]);
      };
      const names = new Set(specs.map((spec) => spec.name));
      const context = createTestContext("eval");
      const forward = architecture.forward({
        ...inputs,
        lookup,
        linear(path, x) {
          const weight = lookup(`${path}.weight`);
          const bias = names.has(`${path}.bias`) ? lookup(`${path}.bias`) : undefined;
          const adapter = adapters.get(path);
          if (adapter === undefined) return linear(x, weight, bias);
          const site = linears.find((candidate) => candidate.path === path)!;
          return method.apply(
            { site, layout: adapter.layout, parameters: toTensors(adapter.parameters) },
            x,
            frozenBase(weight, bias),
            context,
          );
        },
      });
      const values = Array.from(valuesOf(forward));
      const width = forward.shape[1]!;
      return Array.from({ length: forward.shape[0]! }, (_, row) => values.slice(row * width, (row + 1) * width));
    },
  };
}
