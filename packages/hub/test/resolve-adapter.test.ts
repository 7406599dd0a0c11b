import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type PublishedFile, publishToHub, type ResolveModelOptions, resolveAdapter } from "../src/index.ts";
import { type HubStandIn, startHub } from "./hub-stand-in.ts";
import { published } from "./published.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const TOKEN = "hf_aReadingToken";
const PUBLISHED: readonly PublishedFile[] = published();
const FILES = ["adapter_config.json", "adapter_model.safetensors", "blora_config.json", "blora_model.safetensors"];

let hub: HubStandIn;
let cacheFolder: string;

beforeEach(async () => {
  hub = await startHub(TOKEN);
  cacheFolder = temporaryFolder();
  await publishToHub(PUBLISHED, { repository: "me/adapter", token: TOKEN, hubUrl: hub.url });
  hub.requests.length = 0;
});
afterEach(() => hub.close());

const resolveIt = (options: ResolveModelOptions = {}): Promise<string> =>
  resolveAdapter("me/adapter", { cacheFolder, token: TOKEN, hubUrl: hub.url, retry: RETRY, ...options });

const RETRY = { attempts: 2, firstWaitMilliseconds: 0 };

const downloads = (): number => hub.requests.filter((request) => request.includes("/resolve/")).length;

describe("resolveAdapter", () => {
  test("brings back a published adapter, its own files and no others", async () => {
    const folder = await resolveIt();
    expect(folder).toBe(join(cacheFolder, "models--me--adapter", "snapshots", "0".repeat(40)));
    expect(readdirSync(folder).sort()).toEqual(FILES);
    for (const { path, bytes } of PUBLISHED.filter(({ path }) => FILES.includes(path)))
      expect(readFileSync(join(folder, path)).equals(bytes), path).toBe(true);
  });

  test("downloads nothing twice, and nothing at all offline", async () => {
    const folder = await resolveIt();
    const before = downloads();
    expect(await resolveIt()).toBe(folder);
    expect(downloads()).toBe(before);
    hub.requests.length = 0;
    expect(await resolveIt({ offline: true })).toBe(folder);
    expect(await resolveIt({ offline: true, revision: "0".repeat(40) })).toBe(folder);
    expect(hub.requests).toEqual([]);
  });

  test("serves the cached copy where the Hub cannot be reached", async () => {
    const folder = await resolveIt();
    expect(await resolveIt({ hubUrl: "http://127.0.0.1:1" })).toBe(folder);
  });

  test("asks for the revision it is given", async () => {
    await resolveIt({ revision: "v2" });
    expect(hub.requests[0]).toMatch(/^GET \/api\/models\/me\/adapter\/revision\/v2/);
    await expect(resolveIt({ offline: true })).rejects.toThrow(/me\/adapter at revision main is not in the cache/);
  });

  test("takes an adapter of PEFT alone, and one of packed files alone", async () => {
    for (const name of FILES.slice(2)) hub.committed.delete(name);
    const folder = await resolveIt();
    expect(readdirSync(folder).sort()).toEqual(FILES.slice(0, 2));
    expect(await resolveIt({ offline: true })).toBe(folder);
    hub.committed.clear();
    for (const { path, bytes } of PUBLISHED)
      if (FILES.slice(2).includes(path)) hub.committed.set(path, Buffer.from(bytes));
    cacheFolder = temporaryFolder();
    expect(readdirSync(await resolveIt()).sort()).toEqual(FILES.slice(2));
  });

  test("takes the chat template along that an adapter was trained by", async () => {
    const chat = ["chat_template.jinja", "tokenizer_config.json"];
    for (const name of [...chat, "tokenizer.json"]) hub.committed.set(name, Buffer.from("{}"));
    expect(readdirSync(await resolveIt()).sort()).toEqual([...FILES, ...chat].sort());
  });

  test("takes a folder as it is, without any network", async () => {
    const folder = join(temporaryFolder(), "mine");
    mkdirSync(folder);
    expect(await resolveAdapter(folder, { hubUrl: hub.url })).toBe(folder);
    await expect(resolveAdapter(`${folder}-none`, { hubUrl: hub.url })).rejects.toThrow(/There is no folder .*-none/);
    const file = join(folder, "adapter_config.json");
    writeFileSync(file, "{}");
    await expect(resolveAdapter(file, { hubUrl: hub.url })).rejects.toThrow(
      `${file}: expected a folder, or a name of the Hub such as org/my-adapter, found a file. Name the folder it is in.`,
    );
    expect(hub.requests).toEqual([]);
  });

  test("says what is not an adapter, and what is only a pickle file", async () => {
    hub.committed.delete("adapter_config.json");
    hub.committed.delete("blora_model.safetensors");
    const neither = resolveIt();
    await expect(neither).rejects.toThrow(NotFoundError);
    await expect(neither).rejects.toThrow(
      /me\/adapter is no adapter: expected blora_model\.safetensors with .*neither/,
    );
    hub.committed.set("adapter_model.bin", Buffer.from("pickle"));
    await expect(resolveIt()).rejects.toThrow(/pickle file adapter_model\.bin.*save_pretrained/);
    expect(downloads()).toBe(0);
  });

  test("explains a token that may not read it, and never shows it", async () => {
    const refused = resolveIt({ token: "hf_another" });
    await expect(refused).rejects.toThrow(InvalidInputError);
    await expect(refused).rejects.toThrow(/does not know the token it was given/);
    await expect(refused).rejects.not.toThrow(/hf_another/);
    hub.faults.set("/revision/", [404]);
    await expect(resolveIt()).rejects.toThrow(/has no adapter me\/adapter at revision main/);
  });

  test("keeps no whole snapshot of a download that was cut, and recovers", async () => {
    hub.faults.set("adapter_config.json", ["cut", "cut"]);
    await expect(resolveIt()).rejects.toThrow(/Cannot download me\/adapter from/);
    await expect(resolveIt({ offline: true })).rejects.toThrow(/is not in the cache/);
    expect(readdirSync(await resolveIt()).sort()).toEqual(FILES);
  });
});
