import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { oneOf, type Random, randomNumbers } from "../fuzz/random.ts";
import { CAN_MOUNT, openSmallDisk, PAGE, type SmallDisk } from "../small-disk.ts";
import { faultsOf, namesOf, type SweepFolders } from "./cluster-faults.ts";
import type { ClusterFault, ClusterRound, NetworkKind, StoreKind } from "./cluster-table.ts";
import { type Cluster, openCluster } from "./open-cluster.ts";
import { run } from "./process.ts";

/** What makes the clock of one machine wrong, where it is installed. */
const FAKE_TIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
const LEASE_SECONDS = 4;
/** Status of a worker that SIGTERM ended. */
const ASKED_TO_END = 143;
const DISK_PAGES = (256 * 2 ** 20) / PAGE;

export interface RoundOptions {
  readonly seed: number;
  readonly round: number;
  readonly store: StoreKind;
  readonly network: NetworkKind;
  /** At most. */
  readonly kills: number;
  /** For which the queue's server is stopped. */
  readonly outageSeconds: number;
  readonly folder: string;
  /** Of `blora sweep`, without folders and places. */
  readonly sweep: readonly string[];
  readonly inTurn: SweepFolders;
}

/** One sweep by three workers to whom everything happens. */
export async function clusterRound(options: RoundOptions): Promise<ClusterRound> {
  const { seed, round, store, network, folder, inTurn } = options;
  const random = (stream: number): Random => randomNumbers(seed, round, stream);
  const ofRests = random(0);
  const disk = CAN_MOUNT ? openSmallDisk(DISK_PAGES) : undefined;
  const hasFakeTime = existsSync(FAKE_TIME);
  const cluster = await openCluster({
    ...{ folder, store, network, lease: LEASE_SECONDS, downtime: () => 200 + ofRests(2500) },
    hosts: [
      hasFakeTime
        ? { environment: { LD_PRELOAD: FAKE_TIME, FAKETIME: "+3600", FAKETIME_DONT_FAKE_MONOTONIC: "1" } }
        : {},
      disk === undefined ? {} : { runs: join(disk.path, "runs") },
      {},
    ],
  });
  const started = performance.now();
  const home: SweepFolders = { runs: join(folder, "home/runs"), out: join(folder, "home/out") };
  const ending = new AbortController();
  try {
    for (const host of cluster.hosts) host.start();
    const killing = killAll(cluster, options, random(1), ending.signal);
    const faulting = doFaults(cluster, { options, disk, random: random(2), out: home.out, signal: ending.signal });
    const status = await sweepToItsEnd(cluster, home, options, random(3));
    const seconds = (performance.now() - started) / 1000;
    ending.abort();
    const kills = await killing;
    const faults = await faulting;
    const haveEnded = await cluster.stopWorkers();
    const found = await faultsOf(home, cluster.store, inTurn);
    return {
      ...{ round, seed, store, network, runs: namesOf(inTurn.out).length, seconds: Math.round(seconds), kills },
      faults: hasFakeTime ? [...faults, { name: "clock an hour off", after: 0 }] : faults,
      endings: cluster.hosts
        .flatMap(({ endings }) => endings)
        .filter(({ status }) => status !== ASKED_TO_END)
        .map(({ sentence }) => sentence),
      verdict: [
        ...(status === 0 ? [] : [`the sweep ended with status ${status}`]),
        ...found,
        ...(haveEnded ? [] : ["a worker did not end that was asked to"]),
      ],
    };
  } finally {
    ending.abort();
    await cluster.close();
    disk?.close();
  }
}

/** The watching process is killed once too, and started again until it finds a server. @returns its status in the end */
async function sweepToItsEnd(
  { sweepArgs, environment }: Cluster,
  { runs, out }: SweepFolders,
  { sweep, folder }: RoundOptions,
  random: Random,
): Promise<number | null> {
  const args = [...sweep, ...sweepArgs, "--watch", "--runs", runs, "--out", out];
  let ended = await run(folder, args, { killAfter: 5000 + random(20_000), environment });
  while (ended.killed || /expected a server of Valkey/.test(ended.stderr))
    ended = await run(folder, args, { environment });
  return ended.status;
}

/** A kill every two seconds or so, of any worker. @returns milliseconds from the start, and whether it was killed alone */
async function killAll(
  { hosts }: Cluster,
  { kills: most }: RoundOptions,
  random: Random,
  signal: AbortSignal,
): Promise<ClusterRound["kills"]> {
  const started = performance.now();
  const kills: { readonly at: number; readonly host: number; readonly alone: boolean }[] = [];
  while (kills.length < most && !signal.aborted) {
    await sleep(500 + random(3500), undefined, { signal }).catch(() => undefined);
    const host = oneOf(random, hosts);
    const alone = random(2) === 0;
    if (signal.aborted || !host.kill(alone)) continue;
    kills.push({ at: Math.round(performance.now() - started), host: hosts.indexOf(host) + 1, alone });
  }
  return kills;
}

interface FaultsToDo {
  readonly options: RoundOptions;
  readonly disk: SmallDisk | undefined;
  readonly random: Random;
  readonly out: string;
  readonly signal: AbortSignal;
}

/** Everything but kills, one after the other, in an order of the seed, as the sweep goes on. */
async function doFaults(
  { hosts, queue, loseQueue }: Cluster,
  { options, disk, random, out, signal }: FaultsToDo,
): Promise<readonly ClusterFault[]> {
  const wait = (milliseconds: number): Promise<void> =>
    sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  const faults: Record<string, () => Promise<void>> = {
    "queue stopped": async () => {
      await queue.kill();
      await wait(1000 * options.outageSeconds);
      await queue.start();
    },
    "queue lost": loseQueue,
    partition: async () => {
      hosts[2]!.link.cut();
      await wait(3000 * LEASE_SECONDS);
      hosts[2]!.link.mend();
    },
  };
  if (disk !== undefined) {
    faults["full disk"] = async () => {
      const before = hosts[1]!.endings.length;
      fill(disk);
      for (let waited = 0; waited < 40 && hosts[1]!.endings.length === before && !signal.aborted; waited++) {
        await wait(1000);
      }
      disk.free();
    };
  }
  const done: ClusterFault[] = [];
  const left = Object.keys(faults);
  while (left.length > 0 && !signal.aborted) {
    const after = recordsIn(out);
    if (after < 1 + 2 * done.length) await wait(200);
    else {
      const [name] = left.splice(random(left.length), 1) as [string];
      await faults[name]!();
      done.push({ name, after });
    }
  }
  return done;
}

/** Also where the worker writes at the same moment. */
function fill(disk: SmallDisk): void {
  try {
    disk.leaveFree(0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}

function recordsIn(out: string): number {
  return existsSync(join(out, "runs")) ? namesOf(out).length : 0;
}
