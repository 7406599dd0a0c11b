import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
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

  test("is that of HUGGING_FACE_HUB_TOKEN where HF_TOKEN is not set, without its line break", async () => {
    await publish({ HUGGING_FACE_HUB_TOKEN: `${TOKEN}\r\n` });
    await download({ HF_TOKEN: " ", HUGGING_FACE_HUB_TOKEN: TOKEN });
    await expect(download({ HF_TOKEN: "hf_another", HUGGING_FACE_HUB_TOKEN: TOKEN })).rejects.toThrow(
      /does not know the token/,
    );
  });

  test("in a file of ~ is found", async () => {
    writeFileSync(join(home, "mine"), TOKEN);
    await publish({ HOME: home, HF_TOKEN_PATH: "~/mine" });
    expect(hub.committed.size).toBe(5);
  });

  test("is shown to no other host, neither one that the Hub sends to nor one it names", async () => {
    const seen: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      seen.push(request.headers.authorization);
      const part = request.headers.range === "bytes=0-0" ? "x" : "x".repeat(4);
      response.writeHead(206, { "X-Cache": "Hit from cloudfront", ETag: '"x"', "Content-Range": "bytes 0-0/4" });
      response.end(part);
    });
    await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
    onTestFinished(() => void other.close());
    await publish({ HF_TOKEN: TOKEN });
    hub.committed.set("adapter_config.json", Buffer.from("x".repeat(4)));
    hub.redirects.set("adapter_config.json", `http://127.0.0.1:${(other.address() as AddressInfo).port}/file`);
    await download({ HF_TOKEN: TOKEN });
    expect(seen.length).toBeGreaterThan(1);
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });
});
