import { expect, test } from "vitest";
import { philox4x32 } from "../src/index.ts";

test("philox4x32-10 gives the published known answers", () => {
  const out = new Uint32Array(4);
  philox4x32([0, 0, 0, 0], [0, 0], out);
  expect([...out].map((w) => w.toString(16))).toEqual(["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]);
});
