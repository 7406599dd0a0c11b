import { isPacked, readAdapter } from "@blora/adapters";
import { renderLedger } from "@blora/bops";
import { openNetwork, readPlainAdapter } from "@blora/network";
import type { Adapter, LinearSite } from "@blora/spec";
import type { Command } from "commander";
import { type AdapterFlags, addAdapterRevision } from "../run/adapter-folder.ts";
import { type AdapterSettings, adapterSettings } from "../run/adapter-settings.ts";
import { type OpenRun, openRun } from "../run/open-run.ts";
import type { RunRequest } from "../run/request.ts";
import { resolveRun } from "../run/resolve.ts";
import { measuredFacts, measuredJson, summaryOfRun } from "../run/run-summary.ts";
import { refuseIdle } from "./idle-flags.ts";
import { positiveInteger } from "./number-flags.ts";
import { addRunFlags } from "./run-flags.ts";

interface BopsFlags extends RunRequest, AdapterFlags {
  readonly adapter?: string;
  readonly tokens: number;
  readonly markdown?: boolean;
  readonly json?: boolean;
}

export function addBopsCommand(program: Command): void {
  addAdapterRevision(addRunFlags(program.command("bops")))
    .description(
      "the ledger of bit operations: every matrix product of the adapted sites, and the 32-bit LoRA baseline",
    )
    .option("--adapter <id|folder>", "price a trained adapter or run instead of the method's start")
    .option("--tokens <count>", "tokens to price", positiveInteger, 1)
    .option("--markdown", "print a Markdown table")
    .option("--json", "print one JSON line")
    .action(async (flags: BopsFlags, command: Command) => {
      if (flags.json) refuseIdle(command, ["markdown"], { expected: "it without --json", found: "both" });
      const { parts, adapters } = await (flags.adapter === undefined ? startOf(flags) : trained(flags, flags.adapter));
      const { costModel, method } = parts;
      const sites = sitesOf(parts).filter(({ path }) => adapters(path) !== undefined);
      const report = costModel.measured(
        sites.map((site) => method.usage(site, adapters(site.path)!)),
        flags.tokens,
      );
      const baseline = costModel.measured(
        sites.map((site) => method.baselineUsage(site)),
        flags.tokens,
      );
      await parts.engine.release();
      const scope = method.scope ?? "adapter";
      const summary = flags.adapter === undefined ? undefined : await summaryOfRun(flags.adapter);
      const seconds = measuredFacts(summary).map((fact) => `${fact.join(" ")}\n`);
      process.stdout.write(
        flags.json
          ? `${JSON.stringify({ scope, report, baseline, ...measuredJson(summary) }, (_, value) => (typeof value === "bigint" ? value.toString() : value))}\n`
          : `${renderLedger(report, {
              format: flags.markdown ? "markdown" : "text",
              scope,
              baseline: { name: "LoRA in 32 bit", report: baseline },
            })}\n${seconds.length === 0 ? "" : `\n${seconds.join("")}`}`,
      );
    });
}

interface Priced {
  readonly parts: OpenRun;
  /** Adapter of a site; undefined where it is not adapted. */
  adapters(path: string): Adapter | undefined;
}

async function startOf(flags: BopsFlags): Promise<Priced> {
  const parts = await openRun(await resolveRun(flags));
  const targets = parts.arguments?.targets ?? parts.architecture.defaultTargets;
  const starts = new Map(
    sitesOf(parts)
      .filter(({ role }) => targets.includes(role))
      .map((site) => [site.path, parts.method.init(site, 0)]),
  );
  return { parts, adapters: (path) => starts.get(path) };
}

async function trained(flags: BopsFlags, path: string): Promise<Priced> {
  const adapter = await adapterSettings(path, flags);
  const parts = await openRun(await resolveRun(flags, adapter));
  const weights = isPacked(adapter.folder)
    ? (await readAdapter(adapter.folder)).weights.adapters
    : await importedFrom(adapter, parts);
  return { parts, adapters: (site) => weights.get(site) };
}

/** An adapter of PEFT as the method takes it. */
async function importedFrom(
  { folder, head }: AdapterSettings,
  { architecture, checkpoint, method, model, task }: OpenRun,
): Promise<ReadonlyMap<string, Adapter>> {
  const network = openNetwork(architecture, checkpoint, model);
  const { updates } = await readPlainAdapter(folder, network, head ?? task.head);
  return new Map(
    network.linears.flatMap((site): [string, Adapter][] => {
      const update = updates.get(site.path);
      const adapter = update && method.artifacts?.import?.(site, { ...update, scale: 1 });
      return adapter === undefined ? [] : [[site.path, adapter]];
    }),
  );
}

function sitesOf({ architecture, checkpoint }: OpenRun): readonly LinearSite[] {
  return architecture.sites(architecture.parseConfig(checkpoint.config));
}
