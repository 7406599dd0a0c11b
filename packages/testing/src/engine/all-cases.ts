import { compositionCases } from "./cases/compositions.ts";
import { constantCases } from "./cases/constants.ts";
import { crossEntropyCases } from "./cases/cross-entropy.ts";
import { elementwiseCases } from "./cases/elementwise.ts";
import { indexingCases } from "./cases/indexing.ts";
import { languageModelCases } from "./cases/language-models.ts";
import { largeOperandCases } from "./cases/large-operands.ts";
import { matrixProductCases } from "./cases/matrix-products.ts";
import { nestedProductCases } from "./cases/nested-products.ts";
import { reductionCases } from "./cases/reductions.ts";
import { shapeCases } from "./cases/shapes.ts";
import type { OpCase } from "./op-case.ts";

/** Every case, by family. */
export const caseFamilies: Readonly<Record<string, readonly OpCase[]>> = {
  "elementwise functions": elementwiseCases,
  "reductions and normalization": reductionCases,
  "matrix products": matrixProductCases,
  "moves of elements": shapeCases,
  "choices of elements": indexingCases,
  constants: constantCases,
  "nested products": nestedProductCases,
  "cross entropy of a vocabulary": crossEntropyCases,
  "parts of language models": languageModelCases,
  "large operands": largeOperandCases,
  compositions: compositionCases,
};
