import type { TopLevelSpec } from "vega-lite";

const SIDE = 320;

/** Answers over what is given, and the line where both are equal. */
export function scatterChart(pairs: readonly (readonly [label: number, answer: number])[]): TopLevelSpec {
  const all = pairs.flat();
  const range = all.reduce(
    ([least, most], value) => [Math.min(least!, value), Math.max(most!, value)],
    [Infinity, -Infinity],
  );
  const axis = (field: string, title: string) => {
    return { field, type: "quantitative" as const, title, scale: { domain: [...range], nice: true, zero: false } };
  };
  const encoding = { x: axis("label", "given"), y: axis("answer", "answered") };
  return {
    width: SIDE,
    height: SIDE,
    layer: [
      {
        data: { values: range.map((value) => ({ label: value, answer: value })) },
        mark: { type: "line", strokeDash: [4, 4], opacity: 0.5, color: "currentColor" },
        encoding,
      },
      {
        data: { values: pairs.map(([label, answer]) => ({ label, answer })) },
        mark: { type: "circle", size: 24, opacity: 0.5 },
        encoding,
      },
    ],
  };
}
