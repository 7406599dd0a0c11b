import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatePoints, type RunFiles, readRun, reportHtml, reportMarkdown } from "../src/index.ts";
import { GATE_STEPS, KINDS, LAYERS, STEPS, writeSampleRun } from "./sample-run.ts";

let folder: string;
let run: RunFiles;
let page: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-report-"));
  await writeSampleRun(join(folder, "seed-1"));
  await writeSampleRun(join(folder, "seed-2"), { seed: 2 });
  run = await readRun(join(folder, "seed-1"));
  page = await reportHtml(run, [run, await readRun(join(folder, "seed-2"))]);
});
afterAll(() => rm(folder, { recursive: true }));

/** The SVG of a figure. */
function figure(id: string): string {
  const found = new RegExp(`<figure id="figure-${id}"[^>]*>(<svg.*?</svg>)</figure>`, "s").exec(page)?.[1];
  return found ?? expect.fail(`no figure ${id}`);
}

const marks = (svg: string, role: string) => svg.match(new RegExp(`aria-roledescription="${role}"`, "g"))?.length ?? 0;

describe("a run directory", () => {
  test("is read line by line, without the line a crash cut off", () => {
    expect(run.steps.map(({ step }) => step)).toEqual(STEPS);
    expect(run.evaluations).toHaveLength(STEPS.length);
    expect(run.gates.map(({ step }) => step)).toEqual(GATE_STEPS);
  });

  test("that is none is named, with what to do", async () => {
    await expect(readRun(join(folder, "none"))).rejects.toThrow(
      /none: expected a run directory, found no config\.json\. Name the --out of a training run\.$/,
    );
  });

  test("with a file that is no JSON is named", async () => {
    await writeSampleRun(join(folder, "cut"));
    await writeFile(join(folder, "cut", "summary.json"), '{"task":');
    await expect(readRun(join(folder, "cut"))).rejects.toThrow(/summary\.json: expected JSON, found \{"task":/);
  });
});

describe("the page of a run", () => {
  test("has a square for every site in the maps of rank and bits, with its value", () => {
    for (const id of ["rank", "bits-A", "bits-B"]) {
      expect(marks(figure(id), "rect mark"), id).toBe(KINDS.length * LAYERS);
      expect(marks(figure(id), "text mark"), id).toBe(KINDS.length * LAYERS);
    }
    for (const rank of [0, 1, 2, 3, 4, 5]) expect(figure("rank")).toContain(`>${rank}</text>`);
    for (const kind of KINDS) expect(figure("rank")).toContain(`>${kind}</text>`);
  });

  test("draws a line for every series of losses and scores, and bands for the phases", () => {
    expect(marks(figure("loss"), "line mark")).toBe(3);
    expect(marks(figure("score"), "line mark")).toBe(1);
    for (const phase of ["warmup", "gates", "settle"]) expect(figure("loss")).toContain(`>${phase}</text>`);
    expect(marks(figure("score"), "point")).toBe(1);
    expect(marks(figure("score"), "rule mark")).toBe(1);
  });

  test("draws a line and a band for every gate", () => {
    expect(marks(figure("gates-rank"), "line mark")).toBe(2);
    expect(marks(figure("gates-rank"), "area mark")).toBe(2);
    expect(marks(figure("gates-A"), "line mark")).toBe(1);
  });

  test("shows the ledger by matrix and product by product", () => {
    const sites = KINDS.length * LAYERS;
    expect(page).toContain(`Every matrix product (${2 * sites})`);
    expect(page).toMatch(/<td>total<\/td><td class="number">120<\/td><td class="number">30,720<\/td>/);
    expect(page).toContain("25.0 %");
  });

  test("shows the environment and the settings", () => {
    expect(page).toContain("<td>machine.cpu</td><td>a processor</td>");
    expect(page).toContain("<td>arguments.learningRate</td><td>0.001</td>");
  });

  test("links the other seeds, and says which one it is", () => {
    expect(page).toContain('<a href="../seed-2/report.html">seed-2</a>');
    expect(page).toContain('<strong aria-current="page">seed-1</strong>');
  });

  test("needs nothing from anywhere, and gives every element an id of its own", () => {
    expect(page).not.toMatch(/<script|<link|<img|@import|\bsrc=/);
    expect(
      page.replaceAll('xmlns="http://www.w3.org/2000/svg"', "").replaceAll(/xmlns:xlink="[^"]*"/g, ""),
    ).not.toMatch(/https?:/);
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toEqual([...new Set(ids)]);
    for (const [, id] of page.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(id);
  });

  test("shows names as text, whatever they hold", async () => {
    const marker = `<b onclick="x">&`;
    await writeSampleRun(join(folder, "odd"), { marker });
    const odd = await reportHtml(await readRun(join(folder, "odd")));
    expect(odd).not.toContain("<b ");
    expect(odd).toContain("&lt;b onclick=&quot;x&quot;&gt;&amp; deserves a second look.");
  });

  test("of an unfinished run shows how far it came", async () => {
    await writeSampleRun(join(folder, "unfinished"));
    await rm(join(folder, "unfinished", "summary.json"));
    await rm(join(folder, "unfinished", "ledger.json"));
    const unfinished = await reportHtml(await readRun(join(folder, "unfinished")));
    expect(unfinished).toContain("<dt>unfinished</dt><dd>step 40</dd>");
    expect(unfinished).toContain('id="figure-loss"');
    expect(unfinished).not.toContain('id="figure-rank"');
  });
});

test("gate probabilities are summed up over the sites", () => {
  const [first] = gatePoints(run.gates).filter(({ group, gate }) => group === "rank" && gate === "3");
  expect(first).toEqual({ group: "rank", gate: "3", step: 20, mean: expect.closeTo(0.45, 10), low: 0.2, high: 0.7 });
});

test("the Markdown of a run says the same in a terminal", () => {
  const lines = reportMarkdown(run).split("\n");
  expect(lines[0]).toBe("# rte, blora, seed 1");
  expect(lines).toContain("- accuracy: 0.4000 (majority 0.5000)");
  expect(lines).toContain("- warning: rte deserves a second look.");
  expect(lines).toContain("| 40 | validation | 0.0500 | 0.4000 |");
  expect(lines).toContain("| A | 60 | 15,360 | 61,440 | 25.0 % |");
  expect(lines).toContain("layer                   0        1        2");
});
