import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createS3Store, openStore } from "@blora/artefacts";
import type { ArtefactStore } from "@blora/spec";
import { createCables, createNamespace, type Link, SERVERS_ADDRESS } from "../servers/link.ts";
import { LOOPBACK } from "../servers/process.ts";
import { type QueueServer, startQueueServer } from "../servers/queue-server.ts";
import { BUCKET, type S3Server, startS3Server } from "../servers/s3-server.ts";
import type { NetworkKind, StoreKind } from "./cluster-table.ts";
import { createHost, type Host } from "./host.ts";

const PREFIX = "proof";

/** A queue, a store and machines with workers: all of a cluster, on one machine. */
export interface Cluster {
  readonly queue: QueueServer;
  readonly store: ArtefactStore;
  readonly hosts: readonly Host[];
  /** What the sweep is called with, to use them. */
  readonly sweepArgs: readonly string[];
  /** What it has in its environment. */
  readonly environment: NodeJS.ProcessEnv;
  /** The queue's server as after a disk that was lost. */
  loseQueue(): Promise<void>;
  /** Asks all workers to end; false where one had to be killed. */
  stopWorkers(): Promise<boolean>;
  /** Ends what is left. */
  close(): Promise<void>;
}

export interface ClusterOptions {
  /** For everything, emptied first. */
  readonly folder: string;
  readonly store: StoreKind;
  readonly network: NetworkKind;
  readonly hosts: readonly {
    /** For its run directories; in `folder` where it has no disk of its own. */
    readonly runs?: string;
    readonly environment?: NodeJS.ProcessEnv;
  }[];
  /** Seconds. */
  readonly lease: number;
  downtime(): number;
}

export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { folder, store, network, lease, downtime } = options;
  rmSync(folder, { recursive: true, force: true });
  const queueFolder = join(folder, "queue");
  for (const name of ["queue", "s3", "home"]) mkdirSync(join(folder, name), { recursive: true });
  const links = options.hosts.map((_, index) => (network === "cables" ? createCables() : createNamespace(index + 1)));
  const host = network === "cables" ? LOOPBACK : SERVERS_ADDRESS;
  const queue = await startQueueServer({ host, folder: queueFolder });
  const s3 = store === "s3" ? await startS3Server(join(folder, "s3"), host) : undefined;
  const address = s3 === undefined ? `file:${join(folder, "store")}` : `s3://${BUCKET}/${PREFIX}`;
  const hosts = await Promise.all(
    options.hosts.map(async ({ runs, environment }, index) => {
      const link = links[index]!;
      const own = join(folder, `host-${index + 1}`);
      return createHost({
        ...{ folder: own, runs: runs ?? join(own, "runs"), link, downtime },
        args: ["--on", `redis://${await link.addressOf(queue)}`, "--threads", "1", "--lease", `${lease}`],
        environment: { ...environment, ...(await s3Environment(s3, link)) },
      });
    }),
  );
  return {
    queue,
    store:
      s3 === undefined
        ? openStore(address)
        : createS3Store({ bucket: BUCKET, prefix: PREFIX }, { environment: s3.environment }),
    hosts,
    sweepArgs: ["--on", queue.url, "--store", address],
    environment: s3?.environment ?? {},
    async loseQueue() {
      await queue.kill();
      for (const name of readdirSync(queueFolder)) rmSync(join(queueFolder, name), { recursive: true });
      await queue.start();
    },
    async stopWorkers() {
      for (const link of links) link.mend();
      return (await Promise.all(hosts.map((one) => one.stop()))).every(Boolean);
    },
    async close() {
      for (const link of links) link.close();
      await Promise.all(hosts.map((one) => one.stop()));
      await queue.kill();
      await s3?.kill();
    },
  };
}

async function s3Environment(s3: S3Server | undefined, link: Link): Promise<NodeJS.ProcessEnv> {
  return s3 === undefined ? {} : { ...s3.environment, AWS_ENDPOINT_URL: `http://${await link.addressOf(s3)}` };
}
