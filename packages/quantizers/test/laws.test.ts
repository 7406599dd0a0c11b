import { binaryConcrete, hardConcrete } from "@blora/gates";
import { testQuantizer } from "@blora/testing";
import { describe } from "vitest";
import { bayesianBits, uniform } from "../src/index.ts";

const gate = hardConcrete();

const quantizers = {
  "uniform at 2 bits": uniform({ bits: 2 }),
  "uniform at 3 bits": uniform({ bits: 3 }),
  "uniform at 16 bits": uniform({ bits: 16 }),
  "uniform in floating point": uniform({ bits: 32 }),
  "uniform at several widths": uniform({ bits: [0, 2, 5, 8] }),
  "uniform at learned widths": uniform({ bits: [0, 2, 4, 8, 16], gate }),
  "uniform at learned widths above 0, binary concrete": uniform({ bits: [3, 4], gate: binaryConcrete() }),
  "absmax at 4 bits": uniform({ bits: 4, grid: "absmax" }),
  "absmax at learned widths": uniform({ bits: [0, 2, 4, 8], gate, grid: "absmax" }),
  "bayesianBits up to 2 bits": bayesianBits({ gate, maxBits: 2 }),
  "bayesianBits up to 16 bits": bayesianBits({ gate }),
  "bayesianBits from 4 to 8 bits": bayesianBits({ gate, minBits: 4, maxBits: 8, learnRange: false }),
  "bayesianBits at 16 bits": bayesianBits({ gate, minBits: 16 }),
};

for (const [name, quantizer] of Object.entries(quantizers)) describe(name, () => testQuantizer(quantizer));
