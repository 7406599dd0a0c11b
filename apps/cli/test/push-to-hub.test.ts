import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type HubStandIn, startHub } from "../../../packages/hub/test/hub-stand-in.ts";
import { blora, requireBuild } from "./run-blora.ts";

const TOKEN = "hf_aWritingToken";
const FAST = ["--threads", "1", "--method", "lora", "--set", "maxSteps=2", "--set", "maxTrainSamples=32"];

let hub: HubStandIn;
let folder: string;
const at = (name: string): string => join(folder, name);
const train = (...args: string[]) => blora(["train", "--out", at("run"), ...FAST, ...args]);

beforeAll(requireBuild);
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "blora-push-"));
  hub = await startHub(TOKEN);
  for (const [name, value] of Object.entries({ HF_ENDPOINT: hub.url, HF_HOME: at("home"), HF_TOKEN: TOKEN }))
    vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("--push-to-hub", () => {
  test("publishes the adapter once it is trained; where that fails, the adapter stays and the error says how to go on", async () => {
    hub.faults.set("/commit/", [403]);
    const failed = await train("--push-to-hub", "me/adapter", "--private", "--json");
    expect(failed.status).toBe(1);
    expect(JSON.parse(failed.stdout)).toMatchObject({ steps: 2, interrupted: false });
    expect(failed.stderr.trim().split("\n").at(-1)).toBe(
      `blora: ${hub.url} does not let this token write to me/adapter. Use one with write access to it. The training is done, and its adapter lies in ${at("run/adapter")}. To send it: blora publish ${at("run")} --to hub:me/adapter --private`,
    );
    expect(existsSync(at("run/adapter/blora_model.safetensors"))).toBe(true);
    expect(hub.committed.size).toBe(0);

    const again = await blora(["publish", at("run"), "--to", "hub:me/adapter", "--private"]);
    expect([again.status, again.stdout]).toEqual([0, expect.stringContaining("/me/adapter/commit/0")]);
    expect(hub.visibilities).toEqual(["private", "private"]);
    const sent = new Map(hub.committed);
    hub.committed.clear();
    const pushed = await train("--push-to-hub", "me/adapter");
    expect([pushed.status, pushed.stdout]).toEqual([
      0,
      expect.stringMatching(/published to http.*\/me\/adapter\/commit\/0\n$/),
    ]);
    expect(new Map(hub.committed)).toEqual(sent);
    expect(sent.get("blora_model.safetensors")).toEqual(readFileSync(at("run/adapter/blora_model.safetensors")));
  });

  test("shows in a dry run what would go out, and asks nobody", async () => {
    vi.stubEnv("HF_TOKEN", "");
    const shown = await train("--push-to-hub", "me/adapter", "--push-dry-run");
    expect([shown.status, shown.stdout]).toEqual([0, expect.stringContaining("==> README.md\n---\nlibrary_name")]);
    expect(shown.stdout).toMatch(/ bytes {2}[0-9a-f]{64} {2}blora_model\.safetensors\ndry run: nothing was sent\n$/);
    expect(hub.requests).toEqual([]);
  });

  test("is checked before training", async () => {
    const refused = async (...args: string[]) => {
      const { status, stderr } = await train(...args);
      return [status, stderr.trim()];
    };
    expect(await refused("--push-to-hub", "adapter")).toEqual([
      2,
      'blora: --push-to-hub: Expected a repository such as org/name, found "adapter".',
    ]);
    vi.stubEnv("HF_TOKEN", "");
    expect(await refused("--push-to-hub", "me/adapter")).toEqual([
      2,
      "blora: --push-to-hub: Expected a token with write access in HF_TOKEN, or of hf auth login, found none.",
    ]);
    expect(await refused("--private")).toEqual([
      2,
      "blora: --private: expected --push-to-hub <org/name> beside it, found none.",
    ]);
    expect(existsSync(at("run"))).toBe(false);
  });
});

test("a card says how exact the merged adapter is, of this adapter alone", async () => {
  expect((await train()).status).toBe(0);
  expect((await blora(["merge", "--adapter", at("run"), "--out", at("merged")])).status).toBe(0);
  const publish = ["publish", at("run"), "--to", at("out"), "--merged", at("merged"), "--dry-run"];
  expect((await blora(publish)).stdout).toMatch(
    /Merged into its base model, it gives logits that differ by at most \d\.\de-\d+ from those of the two\napart \(6 texts, largest logit \d+\.\d\d\)\./,
  );
  expect((await train("--overwrite", "--seed", "7")).status).toBe(0);
  const other = await blora(publish);
  expect([other.status, other.stderr]).toEqual([
    1,
    `blora: ${at("merged/blora_merge.json")}: expected a checkpoint that ${at("run/adapter")} is merged into, found one of another adapter.\n`,
  ]);
});
