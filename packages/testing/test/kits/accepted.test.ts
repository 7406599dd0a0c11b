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
import { architecture, architectureFixture, component, languageModelTask, method, task } from "./minimal.ts";
import { codedMethod, gatedMethod } from "./minimal-methods.ts";
import { gate, quantizer } from "./minimal-rounding.ts";

describe("the smallest component that keeps every law is accepted", () => {
  testGate(component("gate", gate));
  testQuantizer(component("quantizer", quantizer));
  testMethod(component("method", method));
  testMethod(component("method", gatedMethod));
  testMethod(component("method", codedMethod));
  testArchitecture(component("architecture", architecture), architectureFixture);
  testTask(component("task", task));
  testTask(component("task", languageModelTask));
  testCostModel(component("costModel", bitCost));
});
