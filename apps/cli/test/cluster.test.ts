import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { faultsOf, namesOf, type SweepFolders } from "../../../internal/attack/cluster-faults.ts";
import { type Cluster, openCluster } from "../../../internal/attack/open-cluster.ts";
import { type Ended, run } from "../../../internal/attack/process.ts";
import { randomNumbers } from "../../../internal/fuzz/random.ts";
import { HAS_QUEUE_SERVER } from "../../../internal/servers/queue-server.ts";
import { HAS_S3_SERVER } from "../../../internal/servers/s3-server.ts";
import { requireBuild } from "./run-blora.ts";

const SEED = 1;
const LEASE_SECONDS = 2;
const recipes = ["tiny", "tiny-blora"].map((name) => fileURLToPath(new URL(`recipes/${name}.ts`, import.meta.url)));
const sweep = ["sweep", ...recipes, "--seeds", "2", "--threads", "1", "--reference", "tiny"];

describe.skipIf(!HAS_QUEUE_SERVER)("a sweep by two workers", { timeout: 300_000 }, () => {
  let folder: string;
  let inTurn: SweepFolders;
  let home: SweepFolders;
  let cluster: Cluster;
  beforeAll(async () => {
    requireBuild();
    folder = mkdtempSync(join(tmpdir(), "blora-cluster-"));
    inTurn = { runs: join(folder, "in-turn/runs"), out: join(folder, "in-turn/out") };
    home = { runs: join(folder, "cluster/home/runs"), out: join(folder, "cluster/home/out") };
    const { status, stderr } = await run(folder, [...sweep, "--runs", inTurn.runs, "--out", inTurn.out]);
    expect(status, stderr).toBe(0);
  });
  afterEach(() => cluster.close());
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const open = async (store: "file" | "s3"): Promise<void> => {
    cluster = await openCluster({
      ...{ folder: join(folder, "cluster"), store, network: "cables", lease: LEASE_SECONDS },
      hosts: [{}, {}],
      downtime: () => 500,
    });
    for (const host of cluster.hosts) host.start();
  };
  const watch = (): Promise<Ended> => {
    const args = [...sweep, ...cluster.sweepArgs, "--watch", "--runs", home.runs, "--out", home.out];
    return run(folder, args, { environment: cluster.environment });
  };
  /** Once a worker has come to a step of its first run that the seed says. */
  const begun = async (host: number, random = randomNumbers(SEED, host)): Promise<void> => {
    const step = 1 + random(8);
    await expect.poll(() => cluster.hosts[host]!.output, { timeout: 120_000 }).toMatch(/step 4 /);
    await new Promise((resolve) => setTimeout(resolve, 20 * step));
  };
  const expectAsInTurn = async (watching: Promise<Ended>): Promise<void> => {
    const { status, stdout, stderr } = await watching;
    expect([status, stdout], stderr).toEqual([0, expect.stringContaining("4 of 4 runs done")]);
    expect(await cluster.stopWorkers()).toBe(true);
    expect(await faultsOf(home, cluster.store, inTurn)).toEqual([]);
    expect(namesOf(home.out)).toHaveLength(4);
  };

  test.skipIf(!HAS_S3_SERVER)(
    "of which one is killed with all its processes, and one alone, ends as one in turn",
    async () => {
      await open("s3");
      const watching = watch();
      await begun(0);
      expect(cluster.hosts[0]!.kill(false)).toBe(true);
      await begun(1);
      expect(cluster.hosts[1]!.kill(true)).toBe(true);
      await expectAsInTurn(watching);
      expect(cluster.hosts.map(({ kills }) => kills)).toEqual([1, 1]);
    },
  );

  test("whose queue is lost ends as one in turn, once it is started again", async () => {
    await open("file");
    const first = watch();
    await begun(0);
    await cluster.loseQueue();
    await expectAsInTurn(watch());
    // The one that watched all the time found that out too.
    expect((await first).status).toBe(0);
  });

  test("of which one is cut off, and comes back when others have its run, ends as one in turn", async () => {
    await open("file");
    const watching = watch();
    await begun(0);
    cluster.hosts[0]!.link.cut();
    await new Promise((resolve) => setTimeout(resolve, 4000 * LEASE_SECONDS));
    cluster.hosts[0]!.link.mend();
    await expectAsInTurn(watching);
  });
});
