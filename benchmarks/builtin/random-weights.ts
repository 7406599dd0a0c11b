/**
 * Writes the built-in network as it was before pretraining, for the recipe
 * that shows what pretraining is worth.
 *
 *   npx tsx benchmarks/builtin/random-weights.ts --out runs/builtin/random-weights
 */
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { builtinModelFolder } from "@blora/builtin";
import { debertaV2 } from "@blora/model-deberta-v2";
import { normalValues, sizeOf } from "@blora/tensor";
import { writeSafetensors } from "@blora/weights";

const { values } = parseArgs({ options: { out: { type: "string", default: "runs/builtin/random-weights" } } });

const source = builtinModelFolder();
mkdirSync(values.out, { recursive: true });
for (const file of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
  cpSync(join(source, file), join(values.out, file));
}
const architecture = debertaV2();
const config = architecture.parseConfig(JSON.parse(readFileSync(join(source, "config.json"), "utf8")));
const specs = architecture.parameters(config, { kind: "masked-language-model" });
const tensors = specs.map(({ name, shape, init }) => {
  const size = sizeOf(shape);
  const numbers =
    init.kind === "normal"
      ? normalValues({ seed: 1, step: 0, path: name }, size, init.standardDeviation)
      : new Float32Array(size).fill(init.kind === "ones" ? 1 : 0);
  return [name, { shape, values: numbers }] as const;
});
writeSafetensors(join(values.out, "model.safetensors"), new Map(tensors));
