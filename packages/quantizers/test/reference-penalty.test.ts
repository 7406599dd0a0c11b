import { hardConcrete } from "@blora/gates";
import { ops, type Tensor } from "@blora/tensor";
import { checkGradients, expectAllClose, useCpuBackend } from "@blora/testing";
import { test } from "vitest";
import { referencePenalty } from "../src/index.ts";

useCpuBackend();
const gate = hardConcrete();
const at = (...logits: number[]): Tensor => gate.probabilityOn(ops.tensor(logits));
const all = (logit: number): Tensor => at(logit, logit, logit, logit);

test("`const` with all gates at φ = 2 is 4.740665946", () => {
  expectAllClose(referencePenalty({ gates: all(2), form: "const" }), 4.740665946);
});

test("`const` with all gates at φ = 6 is 4.994993477", () => {
  expectAllClose(referencePenalty({ gates: all(6), form: "const" }), 4.994993477);
});

test("`bop` at half the largest MACs and φ = 2 is 28.476537591", () => {
  expectAllClose(referencePenalty({ gates: all(2), form: "bop", macRatio: 0.5 }), 28.476537591);
});

test("`const` with pruning gates at φ = 6 and -1 is 3.898805021", () => {
  expectAllClose(referencePenalty({ gates: all(2), pruning: at(6, -1), form: "const" }), 3.898805021);
});

test("`bop` with the same pruning gates is 23.419593152", () => {
  expectAllClose(referencePenalty({ gates: all(2), pruning: at(6, -1), form: "bop", macRatio: 0.5 }), 23.419593152);
});

test("the gradients by gate and pruning logits agree with finite differences", () => {
  checkGradients(
    (gates, pruning) =>
      referencePenalty({ gates: gate.probabilityOn(gates!), pruning: gate.probabilityOn(pruning!), form: "const" }),
    [
      [2, 0.5, -1, 1],
      [0.3, -1],
    ],
  );
});
