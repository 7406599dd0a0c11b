import type { Adapter, JsonObject, Method } from "@blora/spec";
import { describe, expect, it } from "vitest";
import { requireFittingState } from "../src/state/fitting-state.ts";
import { createTrainingState, type TrainingState } from "../src/state/training-state.ts";

/** One site of 3 inputs and 5 outputs, and a head of `labels` rows. */
function stateOf(rank: number, { scale = 2, labels = 2, path = "q" } = {}): TrainingState {
  const adapter: Adapter = {
    layout: { rank, scale },
    parameters: {
      A: { shape: [rank, 3], values: new Float32Array(rank * 3), group: "weights" },
      B: { shape: [5, rank], values: new Float32Array(5 * rank), group: "weights" },
    },
  };
  const head = { shape: [labels, 3], values: new Float32Array(labels * 3), group: "head" } as const;
  return createTrainingState(new Map([[path, adapter]]), { "classifier.weight": head });
}

describe("going on from a checkpoint of other settings", () => {
  const config: JsonObject = { method: { $plugin: "method/lora" } };
  const fixed: Pick<Method, "training"> = {};
  const pruning: Pick<Method, "training"> = { training: { afterStep: () => undefined } };

  const faultOf = (
    stored: TrainingState,
    fresh: TrainingState,
    method = fixed,
    started = config,
    now = config,
  ): string => {
    try {
      requireFittingState("r", started, stored, { config: now, model: { method } }, fresh);
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("takes the same method, sites and shapes, and fewer ranks of a method that prunes", () => {
    expect(faultOf(stateOf(4), stateOf(4))).toBe("");
    expect(faultOf(stateOf(2), stateOf(4), pruning)).toBe("");
    expect(faultOf(stateOf(2, { scale: 1 }), stateOf(4), pruning)).toBe("");
  });

  it("refuses another method", () => {
    expect(faultOf(stateOf(4), stateOf(4), fixed, { method: { $plugin: "method/blora" } })).toBe(
      "r: expected a checkpoint that these settings can go on from, found one of the method method/blora instead of method/lora. Choose another folder, or start anew with overwrite.",
    );
  });

  it("refuses every other setting of a method that prunes, whose smaller ranks would pass for pruned ones", () => {
    const of = (options: JsonObject): JsonObject => ({ method: { $plugin: "method/lora", options } });
    const now = of({ rank: 8, alpha: 16, dropout: 0 });
    expect(faultOf(stateOf(4), stateOf(8), pruning, of({ rank: 4, alpha: 8, dropout: 0 }), now)).toBe(
      "r: expected a checkpoint that these settings can go on from, found one of a method that prunes by other settings (method.options.rank: 4 -> 8; method.options.alpha: 8 -> 16). Choose another folder, or start anew with overwrite.",
    );
    expect(faultOf(stateOf(4), stateOf(8), pruning, now, now)).toBe("");
  });

  it.each([
    ["another rank", stateOf(8), stateOf(4), fixed, "q/A of shape [8, 3] instead of [4, 3]"],
    ["a smaller rank that nothing pruned", stateOf(2), stateOf(4), fixed, "q/A of shape [2, 3] instead of [4, 3]"],
    ["more ranks than a method prunes from", stateOf(8), stateOf(4), pruning, "q/A of shape [8, 3] instead of [4, 3]"],
    [
      "another scale",
      stateOf(4),
      stateOf(4, { scale: 1 }),
      fixed,
      'q of {"rank":4,"scale":2} instead of {"rank":4,"scale":1}',
    ],
    ["other sites", stateOf(4), stateOf(4, { path: "v" }), fixed, "the parameter q/A, which they do not train"],
    [
      "other sites of a method that prunes",
      stateOf(4),
      stateOf(4, { path: "v" }),
      pruning,
      "the site q, which they do not adapt",
    ],
    [
      "a head of other labels",
      stateOf(4, { labels: 3 }),
      stateOf(4),
      fixed,
      "head:classifier.weight of shape [3, 3] instead of [2, 3]",
    ],
  ])("refuses %s", (_, stored, fresh, method, fault) => {
    expect(faultOf(stored, fresh, method)).toContain(`found ${fault}.`);
  });
});
