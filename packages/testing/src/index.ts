export { checkGradients, type GradientCheck, type GradientInput } from "./check-gradients.ts";
export { createTestContext, type TestContextOptions } from "./context.ts";
export { useCpuBackend } from "./cpu-backend.ts";
export { testEngine } from "./engine/test-engine.ts";
export { testCostModel } from "./test-cost-model.ts";
export { type GateKitOptions, testGate } from "./test-gate.ts";
export { testManifest } from "./test-manifest.ts";
export { halfUniformStep, type QuantizerKitOptions, testQuantizer } from "./test-quantizer.ts";
export { expectAllClose, type Numbers, type Tolerance, toTensor, toTensors, valuesOf } from "./values.ts";
