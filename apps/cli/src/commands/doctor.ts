import { availableParallelism, freemem, totalmem } from "node:os";
import { onnx } from "@blora/engine-onnx";
import { tfjs } from "@blora/engine-tfjs";
import { BloraError, type Engine, type StepDefinition } from "@blora/spec";
import { ops } from "@blora/tensor";
import type { Command } from "commander";
import { EXIT } from "../exit.ts";
import { registry as firstParty } from "../registry.ts";
import { pluginFlags, registryWith } from "../run/plugins.ts";
import type { RunRequest } from "../run/request.ts";
import { diagnoseModel, modelLines } from "./doctor-model.ts";
import { refuseIdle } from "./idle-flags.ts";
import { addMethodFlags, addPluginFlag } from "./run-flags.ts";

type DoctorFlags = Pick<RunRequest, "plugin" | "model" | "revision" | "offline" | "method" | "set"> & {
  readonly json?: boolean;
};

interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

const BACKENDS = ["cpu", "wasm", "tensorflow", "tensorflow-gpu"] as const;
const GIBIBYTE = 2 ** 30;

export function addDoctorCommand(program: Command, exit: (status: number) => void): void {
  addPluginFlag(addMethodFlags(program.command("doctor")))
    .description("what works on this machine: every engine computes a gradient, and whether a model fits")
    .option("--model <id|folder>", "say what training and evaluating this model takes; its weights are not needed")
    .option("--revision <name>", "branch, tag or commit of a Hub model")
    .option("--offline", "use only what the Hub cache holds")
    .option("--json", "print one JSON line")
    .action(async (flags: DoctorFlags, command: Command) => {
      const { json, model } = flags;
      if (model !== undefined) {
        const diagnosis = await diagnoseModel(model, flags);
        process.stdout.write(json ? `${JSON.stringify(diagnosis)}\n` : `${modelLines(diagnosis).join("\n")}\n`);
        if (diagnosis.train.totalBytes > diagnosis.totalMemoryBytes) exit(EXIT.failure);
        return;
      }
      const flagsOfModel = ["revision", "offline", "method", "set"];
      refuseIdle(command, flagsOfModel, { expected: "a --model beside it", found: "none" });
      const required = await probe("engine onnx", () => onnx());
      const optional: Finding[] = [];
      for (const backend of BACKENDS) optional.push(await probe(`engine tfjs, ${backend}`, () => tfjs({ backend })));
      for (const { name, make } of await foreignEngines(flags.plugin)) optional.push(await probe(name, make));
      const findings = [...machine(), required, ...optional];
      process.stdout.write(json ? `${JSON.stringify(findings)}\n` : `${findings.map(line).join("\n")}\n`);
      if (!required.ok) exit(EXIT.failure);
    });
}

/** Engines of plugins. */
async function foreignEngines(plugins: readonly string[] | undefined): Promise<{ name: string; make: () => Engine }[]> {
  const registry = await registryWith(pluginFlags(plugins));
  const foreign = registry.ids("engine").filter((id) => !(firstParty.ids("engine") as readonly string[]).includes(id));
  return foreign.map((id) => ({
    name: `engine ${id}`,
    make: () => registry.resolve({ $plugin: `engine/${id}` }, "engine"),
  }));
}

function machine(): Finding[] {
  const memory = `${(totalmem() / GIBIBYTE).toFixed(1)} GiB, ${(freemem() / GIBIBYTE).toFixed(1)} GiB free`;
  return [
    { name: "node", ok: true, detail: `${process.version} ${process.platform} ${process.arch}` },
    { name: "cores", ok: true, detail: String(availableParallelism()) },
    { name: "memory", ok: true, detail: memory },
  ];
}

/** d(Σ x²)/dx = 2x at 3. */
const square: StepDefinition = {
  name: "doctor",
  mode: "train",
  inputs: {},
  trainable: { x: [1] },
  frozen: new Map(),
  compute: ({ trainable }) => ({ loss: ops.sum(ops.square(trainable.x!)) }),
};

async function probe(name: string, make: () => Engine): Promise<Finding> {
  try {
    const engine = make();
    const step = await engine.compile(square);
    const { gradients } = await step.run({}, { x: Float32Array.of(3) }, { seed: 0, step: 0 });
    const { provider, threads, version } = await engine.describe();
    await engine.release();
    const gradient = gradients.x?.[0];
    if (gradient !== 6) return { name, ok: false, detail: `expected a gradient of 6, found ${gradient}` };
    return { name, ok: true, detail: `${provider} ${version}, ${threads} threads` };
  } catch (error) {
    if (!BloraError.isInstance(error)) throw error;
    return { name, ok: false, detail: error.message };
  }
}

function line({ name, ok, detail }: Finding): string {
  return `${ok ? "ok" : "--"}  ${name.padEnd(28)} ${detail}`;
}
