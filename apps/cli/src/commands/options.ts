import type { Command } from "commander";
import { referenceList, referenceOf } from "../reference/reference.ts";
import { pluginFlags, registryWith } from "../run/plugins.ts";
import { addPluginFlag } from "./run-flags.ts";

export function addOptionsCommand(program: Command): void {
  addPluginFlag(program.command("options"))
    .argument("[name]", "a plugin, such as method.blora or task.classify, or training")
    .description("list every plugin, or every option of one")
    .action(async (name: string | undefined, { plugin }: { readonly plugin?: readonly string[] }) => {
      const registry = await registryWith(pluginFlags(plugin));
      process.stdout.write(name === undefined ? referenceList(registry) : referenceOf(name, registry));
    });
}
