import { expect, it } from "vitest";
import { addressOf, placeOf } from "../src/place.ts";
import { agoText, shareText } from "../src/runs/texts.ts";

it.each([
  ["#/try", { page: "try" }],
  ["", { page: "try" }],
  ["#/nowhere/else", { page: "try" }],
  ["#/runs", { page: "runs" }],
  ["#/run/runs%2Fsst2", { page: "run", id: "runs/sst2" }],
  ["#/run", { page: "try" }],
  ["#/sweep/100%", { page: "sweep", id: "100%" }],
  ["#/compare/a%2Fb/c", { page: "compare", ids: ["a/b", "c"] }],
])("%s is a place, and its address leads there", (hash, place) => {
  expect(placeOf(hash)).toEqual(place);
  expect(placeOf(addressOf(placeOf(hash)))).toEqual(place);
});

it("says how long ago in whole units", () => {
  const at = (seconds: number) => agoText(0, 1000 * seconds);
  expect([0.9, 1, 59, 60, 3599, 7200, 90_000].map(at)).toEqual([
    ...["now", "1 second ago", "59 seconds ago", "1 minute ago", "59 minutes ago", "2 hours ago", "1 day ago"],
  ]);
  expect(agoText(5, 0)).toBe("now");
  expect([shareText(null), shareText(0), shareText(0.0625)]).toEqual(["–", "–", "6.3 %"]);
});
