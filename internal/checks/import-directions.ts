import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Check, verdict } from "./check.ts";
import { root, tool } from "./command.ts";

/** An import that must pass lint, or must not. A rule that matches nothing would otherwise go unnoticed. */
interface Probe {
  readonly from: string;
  readonly imported: string;
  readonly allowed: boolean;
}

const probes: readonly Probe[] = [
  ...refused("packages/tensor", ["@blora/spec", "@blora/gates", "../../spec/src/index.ts"]),
  ...allowed("packages/tensor", ["@tensorflow/tfjs-core", "./types.ts"]),
  ...refused("packages/spec", ["@blora/core", "@blora/gates", "@tensorflow/tfjs-core", "node:vm"]),
  ...allowed("packages/spec", ["@blora/tensor"]),
  ...[
    "bops",
    "gates",
    "lora",
    "model-bert",
    "model-deberta-v2",
    "model-phi",
    "model-qwen2",
    "quantizers",
    "task-glue",
    "task-instruct",
    "task-mmlu",
    "task-tokens",
    "testing",
    "tokenizer",
    "weights",
    "core",
  ].flatMap((name) => [
    ...refused(`packages/${name}`, [
      "@blora/trainer",
      "@blora/engine-onnx",
      "@blora/gates/deep",
      "@tensorflow/tfjs-core",
    ]),
    ...refused(`packages/${name}`, ["../../quantizers/src/index.ts", "../../../apps/cli/src/index.ts"]),
    ...allowed(`packages/${name}`, ["@blora/tensor", "@blora/spec", "zod", "./file.ts"]),
  ]),
  ...refused("packages/files", ["@blora/weights", "@blora/tensor", "@blora/trainer"]),
  ...allowed("packages/files", ["@blora/spec", "./file.ts"]),
  ...refused("packages/hub", ["@blora/weights", "@blora/adapters", "@blora/tensor", "@tensorflow/tfjs-core"]),
  ...refused("packages/artefacts", ["@blora/hub", "@blora/runs", "@blora/tensor", "@tensorflow/tfjs-core"]),
  ...allowed("packages/artefacts", ["@blora/files", "@blora/spec", "aws4fetch", "./file.ts"]),
  ...allowed("packages/hub", ["@blora/files", "@blora/spec", "@huggingface/hub", "./file.ts"]),
  ...refused("packages/jobs-bullmq", ["@blora/runs", "@blora/artefacts", "@blora/jobs-local"]),
  ...allowed("packages/jobs-bullmq", ["@blora/spec", "bullmq", "ioredis"]),
  ...refused("packages/jobs-local", ["@blora/runs", "@blora/trainer", "@blora/jobs-array"]),
  ...allowed("packages/jobs-local", ["@blora/files", "@blora/spec"]),
  ...refused("packages/jobs-array", ["@blora/runs", "@blora/jobs-local"]),
  ...allowed("packages/jobs-array", ["@blora/spec"]),
  ...["gates", "weights", "core", "files"].flatMap((name) => refused(`packages/${name}`, ["@blora/hub"])),
  ...["adapters", "network", "inference", "trainer"].flatMap((name) => allowed(`packages/${name}`, ["@blora/hub"])),
  ...["weights", "tokenizer"].flatMap((name) => allowed(`packages/${name}`, ["@blora/files"])),
  ...["gates", "weights", "core"].flatMap((name) => refused(`packages/${name}`, ["@blora/data"])),
  ...refused("packages/data", [
    "@blora/weights",
    "@blora/task-glue",
    "@blora/trainer",
    "@blora/core",
    "@tensorflow/tfjs-core",
  ]),
  ...allowed("packages/data", ["@blora/spec", "hyparquet", "./file.ts"]),
  ...refused("packages/task-glue", ["@blora/task-mmlu", "@blora/weights", "@blora/data/deep"]),
  ...allowed("packages/task-glue", ["@blora/data", "@blora/metrics"]),
  ...refused("packages/model-llama", ["@blora/model-qwen2", "@blora/weights", "@blora/layers/deep"]),
  ...allowed("packages/model-llama", ["@blora/layers"]),
  ...refused("packages/layers", ["@blora/model-llama", "@blora/weights", "@tensorflow/tfjs-core"]),
  ...allowed("packages/layers", ["@blora/tensor", "@blora/spec", "./file.ts"]),
  ...["gates", "task-glue"].flatMap((name) => refused(`packages/${name}`, ["@blora/layers"])),
  ...refused("packages/metrics", ["@blora/spec", "@blora/tensor", "@blora/task-glue"]),
  ...allowed("packages/metrics", ["./file.ts"]),
  ...refused("packages/engine-onnx", ["@blora/engine-tfjs", "@blora/core"]),
  ...allowed("packages/engine-onnx", ["@blora/tensor", "@blora/spec", "@blora/files", "@tensorflow/tfjs-core"]),
  ...refused("packages/network", ["@blora/lora", "@blora/trainer", "@blora/inference", "@tensorflow/tfjs-core"]),
  ...allowed("packages/network", ["@blora/tensor", "@blora/spec", "@blora/weights", "@blora/adapters"]),
  ...refused("packages/trainer", ["@blora/lora", "@blora/task-glue", "@blora/engine-onnx", "@tensorflow/tfjs-core"]),
  ...allowed("packages/trainer", ["@blora/files", "@blora/network", "@blora/runs"]),
  ...allowed("packages/trainer", ["@blora/tensor", "@blora/spec", "@blora/core", "@blora/weights", "@blora/adapters"]),
  ...refused("packages/adapters", ["@blora/lora", "@blora/trainer", "@blora/core", "@tensorflow/tfjs-core"]),
  ...allowed("packages/adapters", ["@blora/tensor", "@blora/spec", "@blora/weights"]),
  ...refused("packages/inference", ["@blora/lora", "@blora/engine-onnx", "@blora/trainer", "@tensorflow/tfjs-core"]),
  ...allowed("packages/inference", ["@blora/tensor", "@blora/spec", "@blora/weights", "@blora/network"]),
  ...refused("packages/export-onnx", [
    "@blora/inference",
    "@blora/lora",
    "@blora/engine-tfjs",
    "@blora/trainer",
    "@tensorflow/tfjs-core",
  ]),
  ...allowed("packages/export-onnx", ["@blora/files", "@blora/network", "@blora/engine-onnx", "@blora/weights"]),
  ...refused("packages/report", ["@blora/trainer", "@blora/lora", "@blora/bops", "@tensorflow/tfjs-core"]),
  ...allowed("packages/report", ["@blora/spec", "@blora/runs", "@blora/metrics", "vega"]),
  ...refused("packages/likelihood", ["@blora/trainer", "@blora/lora", "@blora/inference"]),
  ...allowed("packages/likelihood", ["@blora/network", "@blora/runs", "@blora/files"]),
  ...refused("packages/runs", [
    "@blora/trainer",
    "@blora/network",
    "@blora/weights",
    "@blora/report",
    "@tensorflow/tfjs-core",
  ]),
  ...allowed("packages/runs", ["@blora/spec", "@blora/files", "@blora/adapters"]),
  ...allowed("apps/cli", ["@blora/trainer", "@blora/lora", "@blora/engine-onnx"]),
];

export const importDirections: Check = {
  name: "directions: lint refuses imports against the grain",
  run: async () => {
    const diagnostics = await lintProbes();
    const wrong = probes
      .filter((probe, index) => diagnostics.includes(`${fileOf(probe, index)},`) === probe.allowed)
      .map(({ from, imported, allowed }) => `${from} importing ${imported} must ${allowed ? "pass" : "fail"} lint.`);
    return verdict(wrong.length === 0, wrong.join("\n"));
  },
};

/** Lints one file per probe in a copy of the tree's shape; the result names every file with a restricted import. */
async function lintProbes(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "import-directions-"));
  try {
    await Promise.all([".gitignore", "biome.json"].map((name) => cp(path.join(root, name), path.join(folder, name))));
    await Promise.all(probes.map((probe, index) => writeProbe(folder, probe, index)));
    const { output } = await tool(
      "@biomejs/biome",
      ["lint", "--only=style/noRestrictedImports", "--max-diagnostics=none", "--reporter=github"],
      { cwd: folder },
    );
    return output;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writeProbe(folder: string, probe: Probe, index: number): Promise<void> {
  const file = path.join(folder, fileOf(probe, index));
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `import { probe } from "${probe.imported}";\nexport const probed: unknown = probe;\n`);
}

function fileOf(probe: Probe, index: number): string {
  return `${probe.from}/src/probe-${index}.ts`;
}

function refused(from: string, imports: readonly string[]): Probe[] {
  return imports.map((imported) => ({ from, imported, allowed: false }));
}

function allowed(from: string, imports: readonly string[]): Probe[] {
  return imports.map((imported) => ({ from, imported, allowed: true }));
}
