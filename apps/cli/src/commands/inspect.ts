import { join } from "node:path";
import {
  type AdapterDescription,
  type AdapterSizes,
  adapterSizes,
  describeAdapter,
  type FormSizes,
  readPeftConfig,
} from "@blora/adapters";
import type { Registry } from "@blora/core";
import { PEFT_TENSORS_FILE } from "@blora/files";
import { meanComponentBits, oneDecimal, widthsText } from "@blora/report";
import { readSafetensorsHeader } from "@blora/weights";
import Table from "cli-table3";
import type { Command } from "commander";
import { type AdapterFlags, adapterFolder, addAdapterRevision } from "../run/adapter-folder.ts";
import { foreignPlugins, isRegistered, pluginFlags, registryWith } from "../run/plugins.ts";
import { measuredFacts, measuredJson, summaryOfRun } from "../run/run-summary.ts";
import { addPluginFlag } from "./run-flags.ts";

interface InspectFlags extends AdapterFlags {
  readonly plugin?: readonly string[];
  readonly json?: boolean;
}

export function addInspectCommand(program: Command): void {
  addPluginFlag(addAdapterRevision(program.command("inspect")))
    .argument("<adapter>", "an adapter folder, a run directory that holds one, or an adapter of the Hub")
    .description("what an adapter is: base model, task, scores, ranks, bits, and its size in every form")
    .option("--offline", "use only what the Hub cache holds")
    .option("--json", "print one JSON line")
    .action(async (path: string, { json, plugin, ...flags }: InspectFlags) => {
      const folder = await adapterFolder(path, flags);
      const description = await describeAdapter(folder);
      if (description === undefined) {
        const found = inspectPeft(folder);
        process.stdout.write(json ? `${JSON.stringify(found)}\n` : peftText(found));
        return;
      }
      const sizes = adapterSizes(folder);
      const registry = await registryWith(pluginFlags(plugin));
      const summary = await summaryOfRun(path);
      if (json) {
        process.stdout.write(`${JSON.stringify({ ...description, sizes, ...measuredJson(summary) })}\n`);
        return;
      }
      const plugins = pluginLines(description.method, registry);
      process.stdout.write(inspectionText(description, sizes, plugins, measuredFacts(summary)));
    });
}

/** What the files of an adapter of PEFT say, without its base model. */
interface PeftInspection {
  readonly baseModel: string | undefined;
  readonly taskType: string | undefined;
  readonly method: "LORA" | "ADALORA";
  readonly alpha: number;
  /** By the names the file has. */
  readonly ranks: Readonly<Record<string, number>>;
  /** Tensors that are no matrix of an update. */
  readonly whole: readonly string[];
  readonly bytes: number;
}

function inspectPeft(folder: string): PeftInspection {
  const { baseModel, taskType, type, alpha } = readPeftConfig(folder);
  const { tensors } = readSafetensorsHeader(join(folder, PEFT_TENSORS_FILE));
  const ranks: Record<string, number> = {};
  const whole: string[] = [];
  let bytes = 0;
  for (const { name, shape, length } of tensors.values()) {
    const [, module] = /^(?:base_model\.model\.)?(.+)\.lora_A(?:\.|$)/.exec(name) ?? [];
    if (module !== undefined) ranks[module] = shape[0] ?? 0;
    else if (!name.includes(".lora_")) whole.push(name);
    bytes += length;
  }
  return { baseModel, taskType, method: type, alpha, ranks, whole, bytes };
}

function peftText({ baseModel, taskType, method, alpha, ranks, whole, bytes }: PeftInspection): string {
  const facts = new Table({ style: { head: [], border: [] } });
  facts.push(
    ["base model", baseModel ?? "-"],
    ["task type", taskType ?? "-"],
    ["method", `${method} of PEFT, alpha ${alpha}`],
    ["whole tensors", whole.join("\n") || "-"],
    ["kilobytes", (bytes / 1000).toFixed(1)],
  );
  const sites = new Table({ head: ["matrix", "rank"], style: { head: [], border: [] } });
  for (const [module, rank] of Object.entries(ranks)) sites.push([module, String(rank)]);
  return `${facts}\n${sites}\n`;
}

/**
 * An adapter as tables: facts, a row for each site, and sizes in kilobytes.
 *
 * @param sizes undefined where the base itself was trained, which has one form
 * @param measured what its run measured
 */
export function inspectionText(
  description: AdapterDescription,
  sizes: AdapterSizes | undefined,
  plugins: readonly string[] = [],
  measured: readonly [string, string][] = [],
): string {
  const { baseModel, task, method, results, bops, ranks, bits } = description;
  const facts = new Table({ style: { head: [], border: [] } });
  facts.push(
    ["base model", baseModel],
    ["task", task],
    ["method", String(method.$plugin)],
    ...(plugins.length === 0 ? [] : [["plugins", plugins.join("\n")]]),
    ["scores", results === undefined ? "-" : `${JSON.stringify(results.scores)}${inPrecision(results)}`],
    [bops.unit, `${(100 * bops.ratio).toFixed(2)} % of LoRA in 32 bit, scope ${bops.scope}`],
    ...measured.map((fact) => [...fact]),
    ["mean bits", oneDecimal(meanComponentBits(Object.values(bits)))],
  );
  const sites = new Table({ head: ["matrix", "rank", "bits", "mean bits"], style: { head: [], border: [] } });
  for (const [site, rank] of Object.entries(ranks)) {
    const own = bits[site] ?? {};
    sites.push([site, String(rank), widthsText(own), oneDecimal(meanComponentBits([own]))]);
  }
  if (sizes === undefined) return `${facts}\n${sites}\n`;
  const kilobytes = new Table({ head: ["kilobytes", "packed", "float32", "float16"], style: { head: [], border: [] } });
  for (const [what, forms] of Object.entries(sizes) as [string, FormSizes][]) {
    kilobytes.push([what, ...[forms.packed, forms.float32, forms.float16].map((bytes) => (bytes / 1000).toFixed(1))]);
  }
  return `${facts}\n${sites}\n${kilobytes}\n`;
}

function inPrecision({ precision }: NonNullable<AdapterDescription["results"]>): string {
  return precision === undefined ? "" : ` in ${precision}`;
}

/** Third-party plugins of an adapter, and how to bring those that are not loaded. */
function pluginLines(method: unknown, registry: Registry): string[] {
  return foreignPlugins(method).map((plugin) => {
    const { reference, packageName = "a package that is not named" } = plugin;
    const advice = isRegistered(plugin, registry)
      ? ""
      : `, not loaded: use --plugin ${plugin.packageName ?? "<package>"}`;
    return `${reference} of ${packageName}${advice}`;
  });
}
