import { expect, test } from "vitest";
import { parseJobList, writeJobList } from "../src/index.ts";
import { jobs } from "./options.ts";

const parse = (text: string) => parseJobList(new TextEncoder().encode(text), "jobs.json");

test("a list is read as it was written", () => {
  const list = { about: { runs: "runs/sweep" }, jobs };
  expect(parse(writeJobList(list))).toEqual(list);
});

test.each([
  ["{}", "jobs.json: expected formatVersion 1, found undefined."],
  ['{"formatVersion":1,"about":[],"jobs":[]}', "jobs.json: about: expected an object, found []."],
  ['{"formatVersion":1,"about":{}}', "jobs.json: jobs: expected a list, found none."],
  [
    '{"formatVersion":1,"about":{},"jobs":[{"id":"../x"}]}',
    "jobs.json: jobs[0]: expected a job with its id, found other.",
  ],
])("refuses %s", (text, message) => {
  expect(() => parse(text)).toThrow(message);
});
