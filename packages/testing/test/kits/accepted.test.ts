import { describe } from "vitest";
import {
  bitCost,
  testArchitecture,
  testCostModel,
  testGate,
  testMethod,
  testQuantizer,
  testTask,
} from "../../src/index.ts";
import {
  architecture,
  architectureFixture,
  component,
  gate,
  languageModelTask,
  method,
  quantizer,
  task,
} from "./minimal.ts";

describe("the smallest component that keeps every law is accepted", () => {
  testGate(component("gate", gate));
  testQuantizer(component("quantizer", quantizer), { maximumError: () => 1 / 8, straightThrough: false });
  testMethod(component("method", method));
  testArchitecture(component("architecture", architecture), architectureFixture);
  testTask(component("task", task));
  testTask(component("task", languageModelTask));
  testCostModel(component("costModel", bitCost));
});
