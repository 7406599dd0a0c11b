import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeTinyQwen2 } from "../../../internal/tiny-models/tiny-qwen2.ts";
import { type HubStandIn, type Revision, startHub } from "../../../packages/hub/test/hub-stand-in.ts";
import { blora, requireBuild } from "./run-blora.ts";

const TOKEN = "hf_aReadingToken";
let hub: HubStandIn;
let folder: string;
let first: Revision;
let later: Revision;
const at = (name: string): string => join(folder, name);

function revisionOf(commit: string, seed: number): Revision {
  const model = at(`model-${seed}`);
  writeTinyQwen2(model, { randomHead: true, template: "none", seed });
  const files = readdirSync(model).map((name) => [name, readFileSync(join(model, name))] as const);
  return { commit, files: new Map(files) };
}

/** The commits of models that files were asked of. */
function commitsAsked(): ReadonlySet<string | undefined> {
  const asked = hub.requests.map((request) => /\/(?:resolve|tree)\/([0-9a-f]{40})/.exec(request)?.[1]);
  return new Set(asked.filter((commit) => commit !== undefined));
}

beforeAll(async () => {
  requireBuild();
  folder = mkdtempSync(join(tmpdir(), "blora-revision-"));
  hub = await startHub(TOKEN);
  first = revisionOf("c".repeat(40), 1);
  later = revisionOf("d".repeat(40), 2);
  hub.revisions.set("main", first);
  for (const [name, value] of Object.entries({ HF_ENDPOINT: hub.url, HF_HOME: at("home"), HF_TOKEN: TOKEN }))
    vi.stubEnv(name, value);
  const rows = `${JSON.stringify({ prompt: "hi", completion: "yo" })}\n`.repeat(4);
  for (const split of ["train", "validation"]) writeFileSync(at(`${split}.jsonl`), rows);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

test("a model of the Hub is recorded by its commit, and eval, merge, export and generate use that one", async () => {
  const from = ["--model", "me/tiny", "--task", "instruct", "--data", folder, "--method", "lora"];
  const settings = ["maxSteps=2", "maxSeqLength=32"].flatMap((value) => ["--set", value]);
  const trained = await blora(["train", ...from, ...settings, "--out", at("run"), "--json"]);
  expect([trained.status, trained.stderr]).toEqual([0, expect.stringMatching(/^downloading .*model\.safetensors, /s)]);
  const facts = JSON.parse(readFileSync(at("run/adapter/blora_config.json"), "utf8")) as object;
  expect(facts).toMatchObject({ baseModel: "me/tiny", baseRevision: first.commit });

  hub.revisions.set("main", later).set("then", first);
  rmSync(at("home"), { recursive: true });
  const commands = [
    ["eval", at("run"), "--data", folder, "--json"],
    ["merge", "--adapter", at("run"), "--out", at("merged")],
    ["export", "--adapter", at("run"), "--out", at("exported"), "--no-measure"],
    ["generate", at("run"), "--prompt", "hi", "--max-new-tokens", "2"],
  ];
  for (const command of commands) {
    hub.requests.length = 0;
    const { status, stderr } = await blora(command);
    expect([command[0], status, stderr.replace(/^downloading .*\n/gm, "")]).toEqual([command[0], 0, ""]);
    expect(commitsAsked(), command[0]).toEqual(new Set([first.commit]));
  }
  hub.requests.length = 0;
  expect((await blora(["eval", at("run"), "--data", folder, "--revision", "main"])).status).toBe(0);
  expect(commitsAsked()).toEqual(new Set([later.commit]));
});

test("where the Hub does not answer, the cached copy is used, and this is said", async () => {
  vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:1");
  const { status, stderr } = await blora(["eval", at("run"), "--data", folder, "--json"]);
  expect([status, stderr]).toEqual([
    0,
    `The Hub does not answer: the cached copy of me/tiny at revision ${first.commit} is used.\n`,
  ]);
});

test.each([
  ["train", ["--task", "instruct", "--data", "rows", "--method", "lora", "--model"]],
  ["doctor", ["--model"]],
])("blora %s asks nothing of the Hub where HF_HUB_OFFLINE forbids it", async (command, flags) => {
  vi.stubEnv("HF_HUB_OFFLINE", "1");
  const asked = hub.requests.length;
  const { status, stderr } = await blora([command, ...flags, "me/unknown"]);
  vi.stubEnv("HF_HUB_OFFLINE", undefined);
  expect([status, stderr]).toEqual([
    1,
    "blora: me/unknown at revision main is not in the cache, and offline mode forbids to download it. There is no folder me/unknown here either.\n",
  ]);
  expect(hub.requests.length).toBe(asked);
});
