import { expect, test } from "vitest";
import { configText } from "../src/merge/config-text.ts";

test("numbers keep the point they were written with, but where the value is another one now", () => {
  const source =
    '{"cutoff": 2.0, "dropout":0.0, "layers": 2, "theta": 10000.0,\n "rope": {"factor" : -8.00}, "text": "x: 1.0"}';
  const config = { ...(JSON.parse(source) as object), theta: 5, id2label: { 0: "2.0" } };
  const text = configText(config, source);
  expect(JSON.parse(text)).toEqual(config);
  expect(text.split("\n").map((line) => line.trim())).toEqual([
    "{",
    '"cutoff": 2.0,',
    '"dropout": 0.0,',
    '"layers": 2,',
    '"theta": 5,',
    '"rope": {',
    '"factor": -8.00',
    "},",
    '"text": "x: 1.0",',
    '"id2label": {',
    '"0": "2.0"',
    "}",
    "}",
    "",
  ]);
});

test("numbers that JSON lacks stay what they are where Python reads, and are null where JavaScript does", () => {
  const config = { high: Infinity, low: [-Infinity, 1], none: Number.NaN, text: "Infinity" };
  const text = configText(config, "{}");
  expect(text.replace(/\s/g, "")).toBe('{"high":Infinity,"low":[-Infinity,1],"none":NaN,"text":"Infinity"}');
  expect(JSON.parse(configText(config, "{}", { nonFinite: false }))).toEqual({
    high: null,
    low: [null, 1],
    none: null,
    text: "Infinity",
  });
});
