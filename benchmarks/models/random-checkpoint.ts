/**
 * Writes a checkpoint with random weights in the shape of a published one, with
 * as many layers as asked for: Phi-2's real layers without its real size.
 *
 *   npx tsx benchmarks/models/random-checkpoint.ts --config <folder of config.json> --tokenizer <folder> --layers 3 --out <folder>
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { phi } from "@blora/model-phi";
import { qwen2 } from "@blora/model-qwen2";
import type { Architecture } from "@blora/spec";
import { sizeOf } from "@blora/tensor";
import { encodeFloats, writeLazySafetensors } from "@blora/weights";

const PIECE = 2 ** 20;

const { values } = parseArgs({
  options: {
    config: { type: "string" },
    tokenizer: { type: "string" },
    layers: { type: "string", default: "3" },
    type: { type: "string", default: "F16" },
    out: { type: "string" },
  },
});
const { config: source, tokenizer, out } = values;
const type = values.type as "F32" | "F16" | "BF16";
if (source === undefined || tokenizer === undefined || out === undefined) {
  throw new Error("expected --config <folder> --tokenizer <folder> --out <folder>");
}

const published = JSON.parse(readFileSync(join(source, "config.json"), "utf8"));
const config = { ...published, num_hidden_layers: Number(values.layers) };
const architectures: readonly Architecture[] = [phi(), qwen2()];
const architecture = architectures.find(({ modelTypes }) => modelTypes.includes(config.model_type));
if (architecture === undefined)
  throw new Error(`expected a config.json of phi, qwen2 or qwen3, found ${config.model_type}`);

mkdirSync(out, { recursive: true });
writeFileSync(join(out, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
const specs = architecture.parameters(architecture.parseConfig(config), { kind: "language-model" });
writeLazySafetensors(
  join(out, "model.safetensors"),
  specs.map(({ name, shape, init }) => ({
    name,
    type,
    shape,
    bytes: () => {
      if (init.kind !== "normal")
        return encodeFloats(new Float32Array(sizeOf(shape)).fill(init.kind === "ones" ? 1 : 0), type);
      return drawn(name, sizeOf(shape), init.standardDeviation);
    },
  })),
);
const files = readdirSync(tokenizer).filter((name) =>
  /^(vocab|tokenizer|special_tokens|added_tokens).*\.json$|^merges\.txt$/.test(name),
);
for (const name of files) copyFileSync(join(tokenizer, name), join(out, name));
console.log(`${specs.reduce((total, { shape }) => total + sizeOf(shape), 0)} parameters in ${out}`);

/** Uniform values of that deviation from a xorshift generator (Marsaglia, 2003), encoded a million at a time. */
function drawn(name: string, size: number, standardDeviation: number): Uint8Array {
  let state = Buffer.from(name).reduce((hash, byte) => Math.imul(hash, 31) + byte, 17) | 1;
  const scale = (standardDeviation * Math.sqrt(3)) / 2 ** 31;
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < size; start += PIECE) {
    const values = new Float32Array(Math.min(PIECE, size - start));
    for (let index = 0; index < values.length; index++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      values[index] = state * scale;
    }
    pieces.push(encodeFloats(values, type));
  }
  return Buffer.concat(pieces);
}
