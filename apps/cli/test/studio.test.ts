import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LiveRun, RunList } from "@blora/studio";
import { expect, onTestFinished, test } from "vitest";
import { doneRecord, failedRecord } from "../../../packages/report/test/records.ts";
import { writeSampleRun } from "../../../packages/report/test/sample-run.ts";
import { createRunCatalogue } from "../src/studio/run-catalogue.ts";
import { createStudioServer } from "../src/studio/server.ts";
import { requireBuild } from "./run-blora.ts";

const INTERVAL = 20;

/** A server over a new folder, which is its current one: `page/`, `runs/`, and a secret beside them. */
async function served(folders: readonly string[] = ["runs"], { html = "<title>studio</title>", hub = "" } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "blora-studio-"));
  const at = (...parts: string[]) => join(folder, ...parts);
  mkdirSync(at("page", "assets"), { recursive: true });
  mkdirSync(at("runs"));
  writeFileSync(at("page", "index.html"), html);
  writeFileSync(at("page", "assets", "main.js"), "1");
  writeFileSync(at("secret.txt"), "secret");
  const server = await createStudioServer({
    page: at("page"),
    folders: folders.map((name) => at(name)),
    interval: INTERVAL,
    hub: hub === "" ? undefined : hub,
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });
  return { at, port, ask: (path: string) => ask(port, path) };
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Unlike `fetch`, sends a path as it is, and any Host. */
function ask(port: number, path: string, { method = "GET", host = `localhost:${port}` } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, path, method, host: "127.0.0.1", headers: { Host: host } }, (response) => {
      let text = "";
      response.on("data", (part) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode, text, headers: response.headers }));
    });
    sent.on("error", reject).end();
  });
}

const addressOf = (folder: string) => `/api/runs/${encodeURIComponent(folder)}`;

test("serves the page, isolated, and refuses whatever is not for reading", async () => {
  const { port, ask: get } = await served();
  const page = await get("/?a=b");
  expect([page.status, page.text]).toEqual([200, "<title>studio</title>"]);
  expect(page.headers).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "x-content-type-options": "nosniff",
  });
  expect(page.headers).not.toHaveProperty("access-control-allow-origin");
  expect((await get("/assets/main.js")).headers["cache-control"]).toContain("immutable");
  const head = await ask(port, "/", { method: "HEAD" });
  expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", "21"]);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    expect((await ask(port, "/api/runs", { method })).status).toBe(405);
  }
});

test("hands the page a mirror of the Hub, escaped, and lets it connect to that host too", async () => {
  const tag = (content: string) => `<meta name="hub" content="${content}">`;
  const html = `<title>studio</title>${tag("https://huggingface.co")}`;
  const connectTo = (answer: Answer) =>
    /connect-src ([^;]+);/.exec(String(answer.headers["content-security-policy"]))![1];
  const own = "'self' blob: https://huggingface.co https://*.huggingface.co https://*.hf.co";
  const plain = await (await served(["runs"], { html })).ask("/");
  expect([plain.text, connectTo(plain)]).toEqual([html, own]);
  const { port, ask: get } = await served(["runs"], { html, hub: 'http://mirror.test:81/a"><b>&$&' });
  for (const path of ["/", "/index.html"]) {
    const page = await get(path);
    expect(page.text).toBe(`<title>studio</title>${tag("http://mirror.test:81/a&quot;&gt;&lt;b&gt;&amp;$&amp;")}`);
    expect(connectTo(page)).toBe(`${own} http://mirror.test:81`);
    expect(page.headers["content-length"]).toBe(String(page.text.length));
  }
  expect((await ask(port, "/", { method: "HEAD" })).text).toBe("");
});

test.each([
  "/../secret.txt",
  "/%2e%2e/secret.txt",
  "/..%2fsecret.txt",
  "/assets/../../secret.txt",
  "/assets/..\\..\\secret.txt",
  "//secret.txt",
  "/secret.txt%00",
  "/api/runs/..%2Fsecret.txt",
  "/api/runs/%2E%2E",
  "/api/runs/runs%2F..%2F..%2Fsecret.txt",
  "/api/sweeps/..%2F",
  "/api/runs/%E0%A4%A",
])("finds nothing outside at %s", async (path) => {
  const { ask: get } = await served();
  const { status, text } = await get(path);
  expect([400, 404]).toContain(status);
  expect(text).not.toBe("secret");
});

test.each([
  ["localhost", 200],
  ["LOCALHOST:1", 200],
  ["127.0.0.1:80", 200],
  ["[::1]:80", 200],
  ["evil.example", 403],
  ["localhost.evil.example", 403],
  ["127.0.0.1.evil.example:80", 403],
  [hostname() === "localhost" ? "other" : hostname(), 403],
])("answers to the host %s with %i", async (host, status) => {
  const { port } = await served();
  expect((await ask(port, "/api/runs", { host })).status).toBe(status);
});

test.each([".", ".."])("shows a run that is the folder %s itself at an address that is not resolved", async (name) => {
  const { at } = await served();
  await writeSampleRun(at("runs", "one"));
  mkdirSync(at("runs", "one", "inside"));
  const before = process.cwd();
  process.chdir(name === "." ? at("runs", "one") : at("runs", "one", "inside"));
  onTestFinished(() => process.chdir(before));
  const catalogue = createRunCatalogue([name]);
  const [entry] = (await catalogue.list()).runs;
  const address = new URL(`api/runs/${encodeURIComponent(entry!.id)}/events`, "http://localhost/").pathname;
  expect(address).toBe(`/api/runs/${name}%2F/events`);
  expect(await catalogue.runFolder(entry!.id)).toBe(process.cwd().replace(/\/inside$/, ""));
});

test("answers a request that is none without falling over", async () => {
  const { port, ask: get } = await served();
  const socket = connect(port, "127.0.0.1");
  socket.write("GET http://elsewhere/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const [reply] = await once(socket, "data");
  expect(String(reply)).toContain("400");
  socket.destroy();
  expect((await get("/api/runs")).status).toBe(200);
});

test("lists runs of every kind, and says of a damaged one in a line what is wrong", async () => {
  const { at, ask: get } = await served();
  await writeSampleRun(at("runs", "whole"));
  await writeSampleRun(at("runs", "deep", "unfinished"), { seed: 2 });
  rmSync(at("runs", "deep", "unfinished", "summary.json"));
  await writeSampleRun(at("runs", "damaged"));
  writeFileSync(at("runs", "damaged", "summary.json"), '{"task":\n"rte"');
  mkdirSync(at("runs", "empty"));
  writeFileSync(at("runs", "empty", "blora-run.json"), "");
  symlinkSync(at("runs", "whole"), at("runs", "link"));
  const list = JSON.parse((await get("/api/runs")).text) as RunList;
  const byName = new Map(list.runs.map((run) => [run.id.slice(at("runs").length + 1), run]));
  expect([...byName.keys()].sort()).toEqual(["damaged", "deep/unfinished", "empty", "whole"]);
  expect(byName.get("whole")).toMatchObject({
    ...{ task: "rte", method: "blora", seed: 1, state: "finished", step: 40, costRatio: 0.3, problem: null },
    score: { name: "accuracy", value: 0.4, majority: 0.5 },
  });
  expect(byName.get("deep/unfinished")).toMatchObject({
    ...{ state: "stopped", step: 40, seed: 2, costRatio: 0.5, problem: null },
    score: { name: "accuracy", value: 0.4, majority: null },
  });
  expect(byName.get("damaged")!.problem).toMatch(/damaged\/summary\.json: expected JSON[^\n]*$/);
  expect(byName.get("empty")!.problem).toMatch(/empty\/blora-run\.json: expected JSON[^\n]*$/);
  // The curves of a damaged run are there all the same.
  const damaged = JSON.parse((await get(addressOf(at("runs", "damaged")))).text) as LiveRun;
  expect([damaged.steps.length, damaged.problems.length, damaged.isRunning]).toEqual([4, 1, false]);
});

test("says that a run goes on while its process holds it", async () => {
  const { at, ask: get } = await served();
  await writeSampleRun(at("runs", "one"));
  const state = async () => (JSON.parse((await get("/api/runs")).text) as RunList).runs[0]!.state;
  expect(await state()).toBe("finished");
  const { lockFolder } = await import("@blora/files");
  const lock = await lockFolder(at("runs", "one"));
  expect(await state()).toBe("running");
  await lock.release();
  expect(await state()).toBe("finished");
});

/** Server-sent events as they come. */
async function* eventsOf(port: number, path: string, signal: AbortSignal) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  let text = "";
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (event !== undefined) yield { event, data: JSON.parse(data!) as LiveRun };
    }
  }
}

test("tells what a run gains, each line once, and begins again where it was written anew or ended", async () => {
  const { at, port } = await served();
  await writeSampleRun(at("runs", "one"));
  renameSync(at("runs", "one", "summary.json"), at("summary.json"));
  const log = at("runs", "one", "metrics.jsonl");
  const left = new AbortController();
  const events = eventsOf(port, `${addressOf(at("runs", "one"))}/events`, left.signal);
  const next = async () => (await events.next()).value!;
  const first = await next();
  expect([first.event, first.data.steps.map(({ step }) => step), first.data.summary]).toEqual([
    "run",
    [10, 20, 30, 40],
    undefined,
  ]);
  // The sample ends with half a line.
  appendFileSync(log, 'ss":0.5,"learningRate":1}\n{"step":60,"loss":0.4,"learningRate":1}\n{"step":70,');
  const second = await next();
  expect([second.event, second.data.steps.map(({ step, loss }) => [step, loss])]).toEqual([
    "metrics",
    [
      [50, 0.5],
      [60, 0.4],
    ],
  ]);
  writeFileSync(at("new"), '{"step":10,"loss":9,"learningRate":1}\n');
  renameSync(at("new"), log);
  const third = await next();
  expect([third.event, third.data.steps.map(({ loss }) => loss)]).toEqual(["run", [9]]);
  cpSync(at("summary.json"), at("runs", "one", "summary.json"));
  const fourth = await next();
  expect([fourth.event, fourth.data.summary?.seed]).toEqual(["run", 1]);
  left.abort();
});

test("gathers the records of a sweep, damaged ones left out and named", async () => {
  const { at, ask: get } = await served(["results"]);
  mkdirSync(at("results", "runs"), { recursive: true });
  writeFileSync(at("results", "results.json"), '{"reference":"lora-8"}');
  writeFileSync(at("results", "results.md"), "# Two recipes\n");
  const records = [
    doneRecord({ recipe: "lora-8", best: 0.8, bitOperations: 500 }),
    doneRecord({ recipe: "blora", best: 0.7, bitOperations: 50 }),
    { ...failedRecord("other", "it broke"), name: "rte-other-1" },
  ];
  for (const record of records) writeFileSync(at("results", "runs", `${record.name}.json`), JSON.stringify(record));
  writeFileSync(at("results", "runs", "cut.json"), '{"name":');
  expect((JSON.parse((await get("/api/runs")).text) as RunList).sweeps).toEqual([at("results")]);
  const { title, results, problems } = JSON.parse((await get(`/api/sweeps/${encodeURIComponent(at("results"))}`)).text);
  expect(title).toBe("Two recipes");
  expect(results.rows.map(({ recipe, cost }: { recipe: string; cost: number }) => [recipe, cost])).toEqual([
    ["blora", 0.1],
    ["lora-8", 1],
  ]);
  expect(results.failures).toHaveLength(1);
  expect(problems).toEqual([expect.stringMatching(/cut\.json: expected JSON/)]);
});

test("blora studio says where its page is, hands it HF_ENDPOINT, and refuses a port that is taken", async () => {
  requireBuild();
  const program = fileURLToPath(new URL("../dist/blora.js", import.meta.url));
  const { at } = await served();
  const env = { ...process.env, HF_ENDPOINT: " https://mirror.test/hub/ " };
  const child = spawn(process.execPath, [program, "studio", "--port", "0"], { cwd: at(), env });
  onTestFinished(() => void child.kill());
  const address = String((await once(child.stdout, "data"))[0]).trim();
  expect(address).toMatch(/^http:\/\/localhost:\d+\/$/);
  const page = await (await fetch(address)).text();
  expect(page).toContain("B-LoRA studio");
  expect(page).toContain('<meta name="hub" content="https://mirror.test/hub">');
  const second = spawn(process.execPath, [program, "studio", "--port", new URL(address).port], { cwd: at() });
  const [message] = await once(second.stderr, "data");
  expect(String(message)).toContain("in use. Name another one: --port 0 takes any that is free.");
  expect((await once(second, "close"))[0]).toBe(1);
});
