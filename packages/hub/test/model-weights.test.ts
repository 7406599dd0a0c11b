import { readdirSync } from "node:fs";
import { openCheckpoint } from "@blora/weights";
import { describe, expect, it } from "vitest";
import { FILES, hub, resolveTiny, WEIGHTS } from "./model-hub.ts";

describe("weights of a model", () => {
  it("downloads every shard of a sharded model", async () => {
    const index = Buffer.from(JSON.stringify({ weight_map: { w: "model-00001-of-00001.safetensors" } }));
    const { "config.json": config } = FILES;
    hub.files = {
      "config.json": config!,
      "model-00001-of-00001.safetensors": WEIGHTS,
      "model.safetensors.index.json": index,
    };
    expect(openCheckpoint(await resolveTiny()).names).toEqual(["w"]);
  });

  it("leaves out what holds the weights of the shards again, and shards of any name in", async () => {
    const files = (shard: string) => ({
      "config.json": FILES["config.json"]!,
      [shard]: WEIGHTS,
      "model.safetensors.index.json": Buffer.from(JSON.stringify({ weight_map: { w: shard } })),
    });
    const sharded = files("model-00001-of-00001.safetensors");
    hub.files = { ...sharded, "consolidated.safetensors": WEIGHTS, "adapter_model.safetensors": WEIGHTS };
    expect(readdirSync(await resolveTiny()).sort()).toEqual(Object.keys(sharded).sort());
    hub.commit = "d".repeat(40);
    hub.files = files("part-one.safetensors");
    expect(openCheckpoint(await resolveTiny()).names).toEqual(["w"]);
  });

  it("downloads PyTorch's files of weights where there is nothing else, as deberta-v3-base has it", async () => {
    const text = (content: string) => Buffer.from(content);
    const others = {
      "tf_model.h5": text("h5"),
      "rust_model.ot": text("ot"),
      "pytorch_model.generator.bin": text("generator"),
    };
    const wanted = {
      "pytorch_model.bin": text("weights"),
      "spm.model": text("spm"),
      "config.json": FILES["config.json"]!,
    };
    hub.files = { ...others, ...wanted };
    expect(readdirSync(await resolveTiny()).sort()).toEqual(Object.keys(wanted).sort());
    expect(readdirSync(await resolveTiny({ offline: true })).sort()).toEqual(Object.keys(wanted).sort());
  });

  it("refuses a model that has only pickle files of other names before it downloads any", async () => {
    hub.files = { "config.json": FILES["config.json"]!, "model.ckpt": FILES["pytorch_model.bin"]! };
    await expect(resolveTiny()).rejects.toThrow(/org\/tiny holds its weights only as pickle files.*save_pretrained/);
    expect(hub.served).toEqual([]);
  });
});
