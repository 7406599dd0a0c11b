import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AnswersRecord, readRun } from "@blora/runs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reportHtml, reportMarkdown } from "../src/index.ts";
import { writeSampleRun } from "./sample-run.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-answers-"));
  await writeSampleRun(folder);
});
afterAll(() => rm(folder, { recursive: true }));

async function runWith(answers: AnswersRecord["answers"]) {
  const record: AnswersRecord = { split: "validation", step: 1200, answers };
  await writeFile(join(folder, "answers.json"), JSON.stringify(record));
  return readRun(folder);
}

/** The section without its figures. */
const sectionOf = (page: string) =>
  /<section id="answers">.*?<\/section>/s.exec(page)?.[0] ?? expect.fail("no section");

// Three classes, as scikit-learn's classification_report of 4, 3 and 1 rows has them.
const CLASSES: AnswersRecord["answers"] = {
  kind: "class",
  labels: ["a", "b", "c"],
  counts: [
    [0, 0, 3],
    [0, 1, 1],
    [1, 1, 1],
    [1, 2, 2],
    [2, 2, 1],
  ],
};

test("classes have precision, recall, F1 and support, and a matrix of what is taken for what", async () => {
  const run = await runWith(CLASSES);
  const section = sectionOf(await reportHtml(run));
  expect(section).toContain("<p>Of the adapter, on validation after step 1,200.</p>");
  const row = (name: string, ...cells: string[]) =>
    `<tr><th scope="row">${name}</th>${cells.map((cell) => `<td class="number">${cell}</td>`).join("")}</tr>`;
  expect(section).toContain(
    `<caption>By class</caption><thead><tr><th scope="col">class</th><th scope="col" class="number">precision</th>`,
  );
  expect(section).toContain(
    row("a", "1.0000", "0.7500", "0.8571", "4") +
      row("b", "0.5000", "0.3333", "0.4000", "3") +
      row("c", "0.3333", "1.0000", "0.5000", "1"),
  );
  expect(section).toContain(row("a", "3", "1", "0") + row("b", "0", "1", "2") + row("c", "0", "0", "1"));
  expect(reportMarkdown(run)).toContain("By class\n\n| class | precision | recall | F1 | support |\n");
});

test("many classes are folded, and their most frequent mistakes are listed instead of a matrix", async () => {
  const labels = Array.from({ length: 30 }, (_, label) => `class ${label}`);
  const counts = labels.flatMap((_, label) => [
    [label, label, 5] as const,
    [label, (label + 1) % 30, label + 1] as const,
  ]);
  const section = sectionOf(await reportHtml(await runWith({ kind: "class", labels, counts })));
  expect(section).toContain("<details><summary>By class (30)</summary>");
  const [first, second] = section
    .split("What is taken for what, the 20 most frequent first</caption>")[1]!
    .matchAll(/<tr><td>(.*?)<\/tr>/g);
  expect(first![1]).toBe('class 29</td><td>class 0</td><td class="number">30</td>');
  expect(second![1]).toBe('class 28</td><td>class 29</td><td class="number">29</td>');
  expect(section.match(/<tr><td>class/g)).toHaveLength(20);
});

test("several labels have a row each, zero where none is right", async () => {
  const counts = [[2, 4, 3] as const, [0, 0, 5] as const];
  const section = sectionOf(await reportHtml(await runWith({ kind: "several", labels: ["x", "y"], counts })));
  expect(section).toMatch(
    /<th scope="row">x<\/th><td[^>]*>0.5000<\/td><td[^>]*>0.6667<\/td><td[^>]*>0.5714<\/td><td[^>]*>3<\/td><td[^>]*>4<\/td>/,
  );
  expect(section).toMatch(
    /<th scope="row">y<\/th><td[^>]*>0.0000<\/td><td[^>]*>0.0000<\/td><td[^>]*>0.0000<\/td><td[^>]*>5<\/td><td[^>]*>0<\/td>/,
  );
});

test("numbers are points beside the line of equal ones", async () => {
  const pairs = [[0, 0.5] as const, [2.5, 2] as const, [5, 4.25] as const];
  const page = await reportHtml(await runWith({ kind: "number", rows: 3000, pairs }));
  expect(sectionOf(page)).toContain(
    "on 3 of 3,000 rows of validation after step 1,200; on the line they would be right.",
  );
  const points = [
    ...page.matchAll(/aria-label="(given: [^"]+)" role="graphics-symbol" aria-roledescription="circle"/g),
  ];
  expect(points.map(([, label]) => label)).toEqual([
    "given: 0; answered: 0.5",
    "given: 2.5; answered: 2",
    "given: 5; answered: 4.25",
  ]);
});

test("labels are text, whatever they hold", async () => {
  const labels = [`<img src=x onerror="a">`, "a & b", "'|"];
  const run = await runWith({ ...CLASSES, labels });
  const page = await reportHtml(run);
  expect(page).not.toContain("<img");
  expect(sectionOf(page)).toContain('<th scope="row">&lt;img src=x onerror=&quot;a&quot;&gt;</th>');
  expect(sectionOf(page)).toContain('<th scope="col" class="number">a &amp; b</th>');
  expect(reportMarkdown(run)).toContain("| '\\| | 0.3333 |");
});

test("a run without answers has no such section", async () => {
  await rm(join(folder, "answers.json"), { force: true });
  expect(await reportHtml(await readRun(folder))).not.toContain('id="answers"');
  await writeFile(join(folder, "answers.json"), "{");
  await expect(readRun(folder)).rejects.toThrow("answers.json: expected JSON");
  expect(await readFile(join(folder, "summary.json"), "utf8")).not.toContain("answers");
});
