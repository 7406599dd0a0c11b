import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunFiles, readRun } from "@blora/runs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatePoints, reportHtml, reportMarkdown } from "../src/index.ts";
import { GATE_STEPS, KINDS, LAYERS, STEPS, writeSampleRun } from "./sample-run.ts";

let folder: string;
let run: RunFiles;
let page: string;
/** Of a run with a width for each matrix. */
let matrixPage: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-report-"));
  await writeSampleRun(join(folder, "seed-1"));
  await writeSampleRun(join(folder, "seed-2"), { seed: 2 });
  run = await readRun(join(folder, "seed-1"));
  page = await reportHtml(run, [run, await readRun(join(folder, "seed-2"))]);
  await writeSampleRun(join(folder, "matrix"), { granularity: "matrix" });
  matrixPage = await reportHtml(await readRun(join(folder, "matrix")));
});
afterAll(() => rm(folder, { recursive: true }));

/** The SVG of a figure. */
function figure(id: string, of = page): string {
  const found = new RegExp(`<figure id="figure-${id}"[^>]*>(<svg.*?</svg>)</figure>`, "s").exec(of)?.[1];
  return found ?? expect.fail(`no figure ${id}`);
}

/** What the squares of a figure stand for, as those hear it who cannot see them. */
function squaresOf(svg: string): string[] {
  return [...svg.matchAll(/aria-label="([^"]+)" role="graphics-symbol" aria-roledescription="rect mark"/g)].map(
    ([, label]) => label!,
  );
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
      /none: expected a run directory, found no blora-run\.json\. Name the --out of a training run\.$/,
    );
  });

  test("with a file that is no JSON is named", async () => {
    await writeSampleRun(join(folder, "cut"));
    await writeFile(join(folder, "cut", "summary.json"), '{"task":');
    await expect(readRun(join(folder, "cut"))).rejects.toThrow(/summary\.json: expected JSON: /);
  });
});

describe("the page of a run", () => {
  test("has a square for every site in the maps of rank and of bits by matrix, with its value", () => {
    for (const id of ["rank", "bits-A", "bits-B"]) {
      expect(marks(figure(id, matrixPage), "rect mark"), id).toBe(KINDS.length * LAYERS);
      expect(marks(figure(id, matrixPage), "text mark"), id).toBe(KINDS.length * LAYERS);
    }
    for (const rank of [0, 1, 2, 3, 4, 5]) expect(figure("rank")).toContain(`>${rank}</text>`);
    for (const kind of KINDS) expect(figure("rank")).toContain(`>${kind}</text>`);
    expect(squaresOf(figure("bits-B", matrixPage))[3]).toBe("layer: 1; row: attention.output.dense; value: 8");
  });

  test("has a square for every open component of every site, with its bits, and none for a closed one", () => {
    const svg = figure("bits-A-B");
    expect(squaresOf(svg)).toEqual([
      "component: 1; layer: 1; value: 8",
      "component: 2; layer: 1; value: 8",
      "component: 1; layer: 2; value: 8",
      "component: 2; layer: 2; value: 8",
      "component: 3; layer: 2; value: 4",
      "component: 4; layer: 2; value: 4",
      "component: 1; layer: 0; value: 8",
      "component: 1; layer: 1; value: 8",
      "component: 2; layer: 1; value: 8",
      "component: 3; layer: 1; value: 4",
      "component: 1; layer: 2; value: 8",
      "component: 2; layer: 2; value: 8",
      "component: 3; layer: 2; value: 4",
      "component: 4; layer: 2; value: 4",
      "component: 5; layer: 2; value: 2",
    ]);
    expect(marks(svg, "text mark")).toBe(15);
    for (const text of [...KINDS, "Bits of A and B"]) expect(svg).toContain(`>${text}</text>`);
    // A closed site keeps its row.
    expect(svg.match(/>0<\/text>/g)).toHaveLength(KINDS.length);
  });

  test("draws a line for every series of losses and scores, and bands for the phases", () => {
    expect(marks(figure("loss"), "line mark")).toBe(3);
    expect(marks(figure("score"), "line mark")).toBe(1);
    for (const phase of ["warmup", "gates", "settle"]) expect(figure("loss")).toContain(`>${phase}</text>`);
    expect(marks(figure("score"), "point")).toBe(1);
    expect(marks(figure("score"), "rule mark")).toBe(1);
  });

  test("draws a line and a band for every gate of a matrix", () => {
    expect(marks(figure("gates-rank", matrixPage), "line mark")).toBe(2);
    expect(marks(figure("gates-rank", matrixPage), "area mark")).toBe(2);
    expect(marks(figure("gates-A", matrixPage), "line mark")).toBe(1);
    expect(matrixPage).not.toContain('id="figure-gates-components"');
  });

  test("draws a line for every component at each width, and how open each is at every site", () => {
    for (const width of [2, 4, 8]) expect(marks(figure(`gates-${width}-bits`), "line mark")).toBe(5);
    const squares = squaresOf(figure("gates-components"));
    expect(squares).toHaveLength(GATE_STEPS.length * KINDS.length * LAYERS * 5);
    // Means of 0.66, 0.62 and 0.54, and of 0.26, 0.22 and 0.14.
    expect(squares[0]).toBe("component: 1; site: 0 attention.query; value: 0.606666666667");
    expect(squares.at(-1)).toBe("component: 5; site: 2 attention.output.dense; value: 0.206666666667");
    for (const step of GATE_STEPS) expect(figure("gates-components")).toContain(`>step ${step}</text>`);
  });

  test("shows the ledger by matrix, and product by product with a line for each width", () => {
    expect(page).toContain("Every matrix product, a line for each width (18)");
    expect(page).toMatch(/<td>total<\/td><td class="number">300<\/td><td class="number">60,160<\/td>/);
    expect(page).toContain('<td class="number">983,040</td><td class="number">6.1 %</td>');
    expect(page).toContain(
      '<td>encoder.layer.1.attention.output.dense</td><td>B</td><td class="number">10</td><td class="number">4</td><td class="number">32</td><td class="number">1,280</td>',
    );
  });

  test("shows measured seconds beside bit operations, and none that were not measured", async () => {
    expect(page).toContain("<caption>Measured, by onnx on cpu, 2 threads, float32</caption>");
    expect(page).toContain(`<td>training step</td><td class="number">0.2</td>`);
    expect(page).toContain(`<td>evaluated row</td><td class="number">0.02</td>`);
    expect(page).toContain(
      "<dt>seconds per training step</dt><dd>0.2<small>onnx on cpu, 2 threads, float32</small></dd>",
    );
    await writeSampleRun(join(folder, "untimed"), { isTimed: false });
    const untimed = await readRun(join(folder, "untimed"));
    expect(await reportHtml(untimed)).not.toContain("evaluated row");
    const summary = { ...untimed.summary!, seconds: 0 };
    expect(await reportHtml({ ...untimed, summary })).not.toContain("Measured");
    expect(reportMarkdown(run)).toContain("- seconds per evaluated row: 0.02 (onnx on cpu, 2 threads, float32)");
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

  test("shows sites, metrics and folders as text, whatever their names hold", async () => {
    const hostile = "<img onerror=x>";
    const odd = join(folder, `${hostile}'"`);
    await writeSampleRun(odd);
    for (const name of await readdir(odd)) {
      const text = await readFile(join(odd, name), "utf8");
      await writeFile(join(odd, name), text.replaceAll("encoder.", `${hostile}.`).replaceAll("accuracy", hostile));
    }
    const oddRun = await readRun(odd);
    const oddPage = await reportHtml(oddRun, [oddRun, run]);
    expect(oddPage).toContain("&lt;img onerror=x&gt;.layer.0");
    expect(oddPage).not.toContain("<img");
  });

  test("of an unfinished run shows how far it came", async () => {
    await writeSampleRun(join(folder, "unfinished"));
    await rm(join(folder, "unfinished", "summary.json"));
    await rm(join(folder, "unfinished", "ledger.json"));
    const unfinished = await reportHtml(await readRun(join(folder, "unfinished")));
    expect(unfinished).toContain("<dt>unfinished</dt><dd>step 40<small>settle</small></dd>");
    expect(unfinished).toContain('id="figure-loss"');
    expect(unfinished).not.toContain('id="figure-rank"');
  });
});

test("gate probabilities are summed up over the sites, components by width and widths by matrix", async () => {
  const at = (all: RunFiles, group: string, gate: string) =>
    gatePoints(all.gates).find((point) => point.group === group && point.gate === gate);
  const close = (value: number) => expect.closeTo(value, 10);
  const place = { step: 20, mean: close(0.57), low: close(0.52), high: close(0.62) };
  expect(at(run, "4 bits", "2")).toEqual({ group: "4 bits", gate: "2", ...place });
  const matrix = await readRun(join(folder, "matrix"));
  expect(at(matrix, "rank", "3")).toEqual({
    group: "rank",
    gate: "3",
    step: 20,
    mean: close(0.45),
    low: 0.2,
    high: 0.7,
  });
  expect(at(matrix, "A", "4")).toMatchObject({ mean: close(0.8), low: 0.8, high: 0.8 });
});

test("the Markdown of a run says the same in a terminal", () => {
  const lines = reportMarkdown(run).split("\n");
  expect(lines[0]).toBe("# rte, blora, seed 1");
  expect(lines).toContain("- accuracy: 0.4000 (majority 0.5000)");
  // 94 bits in 15 components.
  expect(lines).toContain("- mean bits: 6.3 (A 6.3, B 6.3)");
  expect(lines).toContain("- warning: rte deserves a second look.");
  expect(lines).toContain("| 40 | validation | 0.0500 | 0.4000 |");
  expect(lines).toContain("| A | 150 | 30,080 | 491,520 | 6.1 % |");
  expect(lines).toContain("attention.output.dense  ▂1·8  ▅3·884  █5·88442");
});

test("a title shows what a damaged file has for a seed, whatever it is", () => {
  const config = { ...run.config, arguments: { seed: { toString: "none" } } };
  expect(reportMarkdown({ ...run, config }).split("\n")[0]).toMatch(/, seed \{"toString":"none"\}$/);
});
