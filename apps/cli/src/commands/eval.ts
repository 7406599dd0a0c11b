import { evaluate, readAdapterDescription } from "@blora/trainer";
import type { Command } from "commander";
import { adapterFolder } from "../run/adapter-folder.ts";
import { loadRun } from "../run/load-run.ts";
import { addRunFlags, type RunFlags, runSettings } from "./run-flags.ts";

interface EvalFlags extends RunFlags {
  readonly split?: string;
  readonly json?: boolean;
}

export function addEvalCommand(program: Command): void {
  addRunFlags(program.command("eval"))
    .argument("<adapter>", "an adapter folder, or a run directory that holds one")
    .description("score a trained adapter on its task, with the model and method it was trained with")
    .option("--split <name>", "split to score (default: the task's evaluation splits)")
    .option("--json", "print one JSON line")
    .action(async (path: string, flags: EvalFlags, command: Command) => {
      const folder = await adapterFolder(path);
      const { baseModel, task, method, maxSeqLength } = await readAdapterDescription(folder);
      const given = (name: string) => command.getOptionValueSource(name) === "cli";
      const settings = runSettings(
        { ...flags, model: flags.model ?? baseModel, task: given("task") ? flags.task : task },
        path,
      );
      const { parts } = await loadRun({
        ...settings,
        method: method as unknown as typeof settings.method,
        arguments: { maxSeqLength, ...settings.arguments },
      });
      const results = await evaluate({
        ...parts,
        adapterDirectory: folder,
        ...(flags.split === undefined ? {} : { splits: [flags.split] }),
      });
      await parts.engine.release();
      process.stdout.write(flags.json ? `${JSON.stringify(results)}\n` : `${describe(results)}\n`);
    });
}

function describe(results: Awaited<ReturnType<typeof evaluate>>): string {
  return JSON.stringify(results, null, 2);
}
