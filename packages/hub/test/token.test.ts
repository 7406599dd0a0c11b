import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { publishToHub, resolveAdapter } from "../src/index.ts";
import { type HubStandIn, startHub } from "./hub-stand-in.ts";
import { published } from "./published.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const TOKEN = "hf_theRightOne";
let hub: HubStandIn;
let home: string;
beforeEach(async () => {
  hub = await startHub(TOKEN);
  home = temporaryFolder();
});
afterEach(() => hub.close());

const environment = (more: Record<string, string>) => ({ HF_ENDPOINT: hub.url, HF_HOME: home, ...more });
const publish = (more: Record<string, string> = {}): Promise<string> =>
  publishToHub(published(), { repository: "me/adapter", environment: environment(more) });
const download = (more: Record<string, string> = {}): Promise<string> =>
  resolveAdapter("me/adapter", { environment: environment(more) });

describe("the token", () => {
  test("is that of HF_TOKEN, then of the file HF_TOKEN_PATH names, then of HF_HOME", async () => {
    const path = join(temporaryFolder(), "mine");
    writeFileSync(path, "hf_anotherOne\n");
    writeFileSync(join(home, "token"), "hf_aThird\n");
    await publish({ HF_TOKEN: TOKEN, HF_TOKEN_PATH: path });
    await download({ HF_TOKEN: TOKEN, HF_TOKEN_PATH: path });
    writeFileSync(path, `${TOKEN}\n`);
    await publish({ HF_TOKEN: "", HF_TOKEN_PATH: path });
    await download({ HF_TOKEN_PATH: path });
    await expect(publish()).rejects.toThrow(/does not know this token/);
    writeFileSync(join(home, "token"), `${TOKEN}\n`);
    await publish();
    await download();
  });

  test("of HF_HOME is looked for in the user's cache where HF_HOME is not set", async () => {
    const cache = temporaryFolder();
    mkdirSync(join(cache, "huggingface"));
    writeFileSync(join(cache, "huggingface", "token"), TOKEN);
    await publish({ HF_HOME: "", XDG_CACHE_HOME: cache });
    expect(hub.committed.size).toBe(5);
  });

  test("is asked for where there is none, and nothing is sent", async () => {
    await expect(publish()).rejects.toThrow(
      "Expected a token with write access in HF_TOKEN, or of hf auth login, found none.",
    );
    writeFileSync(join(home, "token"), "\n");
    await expect(publish()).rejects.toThrow(/found none/);
    expect(hub.requests).toEqual([]);
    await expect(download()).rejects.toThrow(/Set HF_TOKEN to a token that may read it, or log in with hf auth login/);
  });

  test("that is none is refused by its place, and never shown", async () => {
    const path = join(home, "token");
    writeFileSync(path, "secret");
    for (const refused of [download(), publish()]) {
      await expect(refused).rejects.toThrow(`${path}: expected a token that starts with "hf_".`);
      await expect(refused).rejects.not.toThrow(/secret/);
    }
    await expect(download({ HF_TOKEN: "secret" })).rejects.toThrow(
      'HF_TOKEN: expected a token that starts with "hf_".',
    );
    await expect(download({ HF_TOKEN_PATH: home })).rejects.toThrow(`${home}: expected a file with a token of the Hub`);
    expect(hub.requests).toEqual([]);
  });

  test("is not read offline", async () => {
    writeFileSync(join(home, "token"), "secret");
    await expect(download({ HF_HUB_OFFLINE: "1" })).rejects.toThrow(/is not in the cache/);
  });
});
