import {
  type AdapterDescription,
  type AdapterSizes,
  adapterSizes,
  type FormSizes,
  readAdapterDescription,
} from "@blora/adapters";
import type { Registry } from "@blora/core";
import { meanComponentBits, oneDecimal, widthsText } from "@blora/report";
import Table from "cli-table3";
import type { Command } from "commander";
import { type AdapterFlags, adapterFolder, addAdapterRevision } from "../run/adapter-folder.ts";
import { foreignPlugins, isRegistered, pluginFlags, registryWith } from "../run/plugins.ts";
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
      const description = await readAdapterDescription(folder);
      const sizes = adapterSizes(folder);
      const registry = await registryWith(pluginFlags(plugin));
      if (json) {
        process.stdout.write(`${JSON.stringify({ ...description, sizes })}\n`);
        return;
      }
      process.stdout.write(inspectionText(description, sizes, pluginLines(description.method, registry)));
    });
}

/** An adapter as tables: facts, a row for each site, and sizes in kilobytes. */
export function inspectionText(
  description: AdapterDescription,
  sizes: AdapterSizes,
  plugins: readonly string[] = [],
): string {
  const { baseModel, task, method, results, bops, ranks, bits } = description;
  const facts = new Table({ style: { head: [], border: [] } });
  facts.push(
    ["base model", baseModel],
    ["task", task],
    ["method", String(method.$plugin)],
    ...(plugins.length === 0 ? [] : [["plugins", plugins.join("\n")]]),
    ["scores", results === undefined ? "-" : JSON.stringify(results.scores)],
    [bops.unit, `${(100 * bops.ratio).toFixed(2)} % of LoRA in 32 bit, scope ${bops.scope}`],
    ["mean bits", oneDecimal(meanComponentBits(Object.values(bits)))],
  );
  const sites = new Table({ head: ["matrix", "rank", "bits", "mean bits"], style: { head: [], border: [] } });
  for (const [site, rank] of Object.entries(ranks)) {
    const own = bits[site] ?? {};
    sites.push([site, String(rank), widthsText(own), oneDecimal(meanComponentBits([own]))]);
  }
  const kilobytes = new Table({ head: ["kilobytes", "packed", "float32", "float16"], style: { head: [], border: [] } });
  for (const [what, forms] of Object.entries(sizes) as [string, FormSizes][]) {
    kilobytes.push([what, ...[forms.packed, forms.float32, forms.float16].map((bytes) => (bytes / 1000).toFixed(1))]);
  }
  return `${facts}\n${sites}\n${kilobytes}\n`;
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
