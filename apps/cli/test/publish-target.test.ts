import { expect, test } from "vitest";
import { parseTarget } from "../src/commands/publish.ts";

test.each([
  ["hub:me/x", { kind: "hub", name: "me/x" }],
  ["npm:@me/x", { kind: "npm", name: "@me/x" }],
  ["out/adapter", { kind: "folder", name: "out/adapter" }],
  ["./hub/me/x", { kind: "folder", name: "./hub/me/x" }],
  ["C:\\adapters", { kind: "folder", name: "C:\\adapters" }],
])("%s is a target", (to, target) => {
  expect(parseTarget(to)).toEqual(target);
});

test.each([
  ["hub/me/x", "hub:me/x"],
  ["Hub:me/x", "hub:me/x"],
  ["hf:me/x", "hub:me/x"],
  ["https://huggingface.co/me/x", "hub:me/x"],
  ["npm/my-app", "npm:my-app"],
])("%s is refused with the target it nearly is", (to, near) => {
  expect(() => parseTarget(to)).toThrow(`Did you mean ${near}?`);
});
