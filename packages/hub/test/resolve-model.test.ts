import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import { openCheckpoint } from "@blora/weights";
import { describe, expect, it } from "vitest";
import { readModelConfig, resolveModel } from "../src/index.ts";
import { COMMIT, COMPANIONS, cacheFolder, close, environment, FILES, hub, resolveTiny, WEIGHTS } from "./model-hub.ts";
import { temporaryFolder } from "./temporary-folder.ts";

describe("resolveModel", () => {
  it("takes a folder that exists as it is, without any network", async () => {
    const model = join(temporaryFolder(), "model");
    mkdirSync(model);
    expect(await resolveModel(model, { hubUrl: "http://127.0.0.1:1" })).toBe(model);
  });

  it("names a file, and an adapter, that was given in place of a model, without any network", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "model.safetensors");
    writeFileSync(file, "");
    await expect(resolveModel(file, { hubUrl: hub.url })).rejects.toThrow(
      `${file}: expected a folder, or a name of the Hub such as microsoft/deberta-v3-base, found a file. Name the folder it is in.`,
    );
    const run = join(folder, "run");
    mkdirSync(join(run, "adapter"), { recursive: true });
    writeFileSync(join(run, "adapter/adapter_config.json"), "{}");
    for (const [given, found] of [
      [run, "adapter/adapter_config.json"],
      [join(run, "adapter"), "adapter_config.json"],
    ] as const) {
      const message = `${given}: expected a model, found an adapter (${found}). Name the base model that it was trained on.`;
      await expect(resolveModel(given, { hubUrl: hub.url })).rejects.toThrow(message);
      await expect(readModelConfig(given, { hubUrl: hub.url })).rejects.toThrow(message);
    }
    // A model may hold an adapter beside its own weights.
    writeFileSync(join(run, "config.json"), "{}");
    expect(await resolveModel(run, { hubUrl: hub.url })).toBe(run);
    expect(hub.tokens).toEqual([]);
  });

  it("names an adapter of the Hub that was given in place of a model, and downloads nothing", async () => {
    hub.files = { "adapter_config.json": Buffer.from("{}"), "adapter_model.safetensors": WEIGHTS };
    await expect(resolveTiny()).rejects.toThrow("org/tiny: expected a model, found an adapter (adapter_config.json).");
    expect(hub.served).toEqual([]);
  });

  it.each(["./none", "../x", "/none/x", "~/x", ".\\x"])("takes %s for a folder that is not there", async (path) => {
    await expect(resolveModel(path, { hubUrl: hub.url })).rejects.toThrow(`There is no folder ${path}`);
    expect(hub.tokens).toEqual([]);
  });

  it.each(["a/b/c", "a/..", "a..b/c", "org/na me", "org/", "-x/y", "https://x.y/z", "", "org/x?y"])(
    "refuses the name %s before it reaches the network",
    async (id) => {
      await expect(resolveModel(id, { hubUrl: hub.url })).rejects.toThrow(/a name of the Hub such as microsoft/);
      expect(hub.tokens).toEqual([]);
    },
  );

  it("downloads weights, configuration and tokenizer, and nothing else, once", async () => {
    const progress: string[] = [];
    const snapshot = await resolveTiny({
      onProgress: ({ file, bytes, total }) => progress.push(`${file} ${bytes}/${total}`),
    });
    expect(snapshot).toBe(join(cacheFolder, "models--org--tiny", "snapshots", COMMIT));
    expect(hub.served).toEqual([...COMPANIONS, "model.safetensors", "config.json"]);
    expect(progress.at(-2)).toBe(`model.safetensors ${WEIGHTS.length}/${WEIGHTS.length}`);
    const checkpoint = openCheckpoint(snapshot);
    expect(checkpoint.config).toEqual({ model_type: "tiny" });
    expect(checkpoint.read("w")).toEqual(new Float32Array(2));

    expect(await resolveTiny()).toBe(snapshot);
    expect(hub.served.length).toBe(COMPANIONS.length + 2);
  });

  it("does not take names that lead out of the cache", async () => {
    hub.files = {
      ...FILES,
      "../../../tokenizer.json": Buffer.from("x"),
      "additional_chat_templates/../../x.jinja": Buffer.from("x"),
    };
    await resolveTiny();
    expect(hub.served.filter((name) => name.includes(".."))).toEqual([]);
  });

  it("says of a name that is nothing that there is no such folder either", async () => {
    hub.status = 404;
    await expect(resolveTiny()).rejects.toThrow(/has no model org\/tiny .* and there is no folder org\/tiny here/);
    hub.status = 401;
    await expect(resolveTiny()).rejects.toThrow(/There is no folder org\/tiny here either/);
    await expect(resolveTiny({ offline: true })).rejects.toThrow(/There is no folder org\/tiny here either/);
    await close();
    await expect(resolveTiny()).rejects.toThrow(/ECONNREFUSED.*There is no folder org\/tiny here either/);
  });

  it.each([
    ...["hub.org", "ftp://hub.org", "https://", "https://hub.org?mirror=1", "https://hub.org#a"],
    ...["https://*", "https://hub.org;sandbox", "https://hub.org,a", "https://me:secret@hub.org"],
  ])("refuses the address %s of a Hub", async (HF_ENDPOINT) => {
    const answer = resolveTiny({ environment: environment({ HF_ENDPOINT }) });
    await expect(answer).rejects.toThrow("HF_ENDPOINT: expected an address such as https://huggingface.co");
    await expect(answer).rejects.not.toThrow(/secret/);
  });

  it("reaches a Hub whose address ends in a slash, at a revision with a slash", async () => {
    const snapshot = await resolveTiny({
      environment: environment({ HF_ENDPOINT: `${hub.url}//` }),
      revision: "refs/pr/1",
    });
    expect(await resolveTiny({ offline: true, revision: "refs/pr/1" })).toBe(snapshot);
  });

  it("sends the token and never shows it", async () => {
    await resolveTiny({ environment: environment({ HF_TOKEN: "hf_secret" }) });
    expect(new Set(hub.tokens)).toEqual(new Set(["Bearer hf_secret"]));
    const mistyped = resolveTiny({ token: "secret" });
    await expect(mistyped).rejects.toThrow('Expected a token that starts with "hf_"');
    await expect(mistyped).rejects.not.toThrow(/secret/);
  });

  it("explains an unknown model, a gated one, and a failing Hub", async () => {
    hub.status = 404;
    await expect(resolveTiny()).rejects.toThrow(NotFoundError);
    await expect(resolveTiny({ revision: "v9" })).rejects.toThrow(/has no model org\/tiny at revision v9/);
    hub.status = 401;
    await expect(resolveTiny()).rejects.toThrow(/gated, private or absent\. Set HF_TOKEN/);
    await expect(resolveTiny({ token: "hf_x" })).rejects.toThrow(
      /does not know the token it was given: it may be mistyped, or have expired.*What is public needs no token/,
    );
    hub.status = 403;
    await expect(resolveTiny({ token: "hf_x" })).rejects.toThrow(/gated, private or absent\. Accept its terms/);
    hub.status = 404;
    await expect(resolveTiny({ token: "hf_x" })).rejects.toThrow(
      /spelled right\? If it is private, may the token read/,
    );
    hub.status = 429;
    await expect(resolveTiny()).rejects.toThrow(/there were too many from here\. Try again later, or with a token/);
    hub.status = 503;
    await expect(resolveTiny()).rejects.toThrow(/answered 503 to a request for org\/tiny/);
  });

  it.each(["../main", "a/../b", "", "/x"])("refuses the revision %s", async (revision) => {
    await expect(resolveTiny({ revision })).rejects.toThrow(InvalidInputError);
  });
});
