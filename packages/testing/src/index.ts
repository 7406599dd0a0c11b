export { createTestBase, createTestStore, frozenBase, type TestStore } from "./adapter-store.ts";
export { bitCost } from "./bit-cost.ts";
export { checkGradients, type GradientCheck, type GradientInput } from "./check-gradients.ts";
export { createTestContext, type TestContextOptions } from "./context.ts";
export { useCpuBackend } from "./cpu-backend.ts";
export { testEngine } from "./engine/test-engine.ts";
export type { JobEngineKitOptions } from "./jobs/job-harness.ts";
export { testJobEngine } from "./jobs/test-job-engine.ts";
export {
  type ReferenceCase,
  type ReferenceModel,
  readReferenceModel,
  referenceInputs,
  toBatch,
} from "./parity/reference-model.ts";
export { testParity } from "./parity/test-parity.ts";
export { refusalOf } from "./refusal.ts";
export type { TaskKitOptions } from "./task-kit-options.ts";
export { type ArchitectureFixture, testArchitecture } from "./test-architecture.ts";
export { type StoreKitOptions, testArtefactStore } from "./test-artefact-store.ts";
export { testCostModel } from "./test-cost-model.ts";
export { type GateKitOptions, testGate } from "./test-gate.ts";
export { testManifest } from "./test-manifest.ts";
export { type MethodKitOptions, testMethod } from "./test-method.ts";
export { testQuantizer } from "./test-quantizer.ts";
export { testTask } from "./test-task.ts";
export { createTestTokenizer } from "./test-tokenizer.ts";
export { expectAllClose, type Numbers, type Tolerance, toTensor, toTensors, valuesOf } from "./values.ts";
