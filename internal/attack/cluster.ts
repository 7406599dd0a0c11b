/**
 * Sweeps by three workers on a queue's server and a store, to whom everything happens: workers and the watching process
 * are killed, the server is stopped for a minute and loses its data, a disk is full, a clock is an hour off, a
 * cable is pulled out. Each sweep is held to its promise: every run ends once, all adapters are those of a sweep in turn to the
 * last bit, and nothing is in the table twice.
 *
 *   npm run attack:cluster -- --kills 20 --seed 1
 *
 * One JSON line for each sweep goes to `--out`; started again, it goes on after the last line, until both stores have
 * seen so many kills. `--table` prints the lines as a table and attacks nothing. Needs Valkey or Redis, and for `s3:` SeaweedFS;
 * machines are network namespaces where this user may make some, else ports that pass everything on.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../checks/command.ts";
import { canMakeNamespaces } from "../servers/link.ts";
import { HAS_QUEUE_SERVER } from "../servers/queue-server.ts";
import { HAS_S3_SERVER } from "../servers/s3-server.ts";
import type { SweepFolders } from "./cluster-faults.ts";
import { clusterRound } from "./cluster-round.ts";
import { type ClusterRound, clusterTable, type StoreKind } from "./cluster-table.ts";
import { run } from "./process.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    outage: { type: "string", default: "60" },
    out: { type: "string", default: "benchmarks/results/cluster.jsonl" },
    table: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const log = join(root, values.out);
const folder = join(root, ".cache/attack", `cluster-${seed}`);
const inTurn: SweepFolders = { runs: join(folder, "in-turn/runs"), out: join(folder, "in-turn/out") };
const recipes = ["tiny", "tiny-blora"].map((name) => join(root, "apps/cli/test/recipes", `${name}.ts`));
/** Twelve runs. */
const sweep = ["sweep", ...recipes, "--seeds", "6", "--threads", "1", "--reference", "tiny"];

// What was started ends with this process.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
if (!values.table) await attack();
console.log(clusterTable(rounds()));
if (rounds().some(({ verdict }) => verdict.length > 0)) process.exitCode = 1;

async function attack(): Promise<void> {
  if (!HAS_QUEUE_SERVER) throw new Error("Install valkey-server or redis-server first.");
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = await run(folder, [...sweep, "--runs", inTurn.runs, "--out", inTurn.out]);
  if (status !== 0) throw new Error(stderr);
  const network = canMakeNamespaces() ? "namespaces" : "cables";
  const stores: readonly StoreKind[] = HAS_S3_SERVER ? ["s3", "file"] : ["file"];
  for (const store of stores) {
    for (let left = killsLeft(store); left > 0; left = killsLeft(store)) {
      const round = rounds().length;
      const outageSeconds = Number(values.outage);
      const place = join(folder, "cluster");
      const line = await clusterRound({
        ...{ seed, round, store, network, kills: left, outageSeconds, folder: place, sweep, inTurn },
      });
      appendFileSync(log, `${JSON.stringify(line)}\n`);
      console.log(JSON.stringify(line));
    }
  }
}

function killsLeft(store: StoreKind): number {
  const own = rounds().filter((round) => round.seed === seed && round.store === store);
  return Number(values.kills) - own.reduce((sum, { kills }) => sum + kills.length, 0);
}

function rounds(): ClusterRound[] {
  if (!existsSync(log)) return [];
  return readFileSync(log, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ClusterRound);
}
