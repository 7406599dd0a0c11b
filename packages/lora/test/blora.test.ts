import { binaryConcrete, hardConcrete } from "@blora/gates";
import { bayesianBits, uniform } from "@blora/quantizers";
import { testMethod } from "@blora/testing";
import { describe } from "vitest";
import { blora } from "../src/index.ts";

const rankGate = hardConcrete({ initialLogit: 2 });
const quantizer = bayesianBits({ gate: rankGate });
const phases = { warmup: 0.2, gates: 0.5, settle: 0.3 };

describe("scope adapter", () => testMethod(blora({ rank: 4, rankGate, quantizer, phases })));

describe("scope adapter+activations", () =>
  testMethod(blora({ rank: 4, rankGate, quantizer, phases, scope: "adapter+activations" }), { exactExport: false }));

describe("scope site", () =>
  testMethod(blora({ rank: 4, rankGate, quantizer, phases, scope: "site", dropout: 0.1 }), { exactExport: false }));

describe("independent gates that never close exactly", () =>
  testMethod(
    blora({
      rank: 3,
      rankGate: binaryConcrete({ initialLogit: 2 }),
      quantizer,
      phases,
      rankPrior: "independent",
      penalty: "const",
    }),
  ));

describe("the first author's objective", () =>
  testMethod(blora({ rank: 4, rankGate, quantizer, phases, portCompat: true })));

describe("a fixed width and rank 1", () =>
  testMethod(blora({ rank: 1, rankGate, quantizer: uniform({ bits: 8 }), phases })));
