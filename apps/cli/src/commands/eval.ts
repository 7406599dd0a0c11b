import { readAdapterDescription } from "@blora/adapters";
import { evaluate } from "@blora/trainer";
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
      process.stdout.write(flags.json ? `${JSON.stringify(withoutLogits(results))}\n` : describe(results));
    });
}

type Results = Awaited<ReturnType<typeof evaluate>>;

function withoutLogits({ splits, ...rest }: Results): object {
  const scored = Object.entries(splits).map(([name, { logits: _, ...split }]) => [name, split]);
  return { ...rest, splits: Object.fromEntries(scored) };
}

/** A line for each split, and one for the price. */
function describe({ task, splits, bops }: Results): string {
  const lines = Object.entries(splits).map(([name, { rows, loss, scores }]) => {
    const values = Object.entries(scores ?? {}).map(([metric, value]) => `${metric} ${value.toFixed(4)}`);
    return [task, name, `${rows} rows`, loss === undefined ? "no labels" : `loss ${loss.toFixed(4)}`, ...values].join(
      "  ",
    );
  });
  const price = `${(100 * bops.ratio).toFixed(1)} % of the ${bops.unit} of LoRA in 32 bit, scope ${bops.scope}`;
  return `${[...lines, price].join("\n")}\n`;
}
