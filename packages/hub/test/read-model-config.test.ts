import { describe, expect, it } from "vitest";
import { type ResolveModelOptions, readModelConfig } from "../src/index.ts";
import { cacheFolder, close, environment, hub, RETRY, resolveTiny, WEIGHTS } from "./model-hub.ts";

describe("readModelConfig", () => {
  const read = (id: string, options: ResolveModelOptions = {}) =>
    readModelConfig(id, { cacheFolder, environment: environment(), retry: RETRY, ...options });

  it("reads only config.json of a model that is not here, and keeps nothing", async () => {
    expect(await read("org/tiny")).toEqual({ config: { model_type: "tiny" }, folder: undefined });
    expect(hub.served).toEqual(["config.json"]);
    await expect(read("org/tiny", { offline: true })).rejects.toThrow(/not in the cache/);
  });

  it("takes the cached model, and a folder, without any network", async () => {
    const snapshot = await resolveTiny();
    await close();
    expect(await read("org/tiny", { offline: true })).toEqual({ config: { model_type: "tiny" }, folder: snapshot });
    expect(await read(snapshot)).toEqual({ config: { model_type: "tiny" }, folder: snapshot });
  });

  it("says what is wrong with a model that has no configuration", async () => {
    hub.files = { "model.safetensors": WEIGHTS };
    await expect(read("org/tiny")).rejects.toThrow(/org\/tiny has no config\.json/);
    hub.files = { "config.json": Buffer.from("[1") };
    await expect(read("org/tiny")).rejects.toThrow(/config\.json of org\/tiny/);
  });
});
