import { basename } from "node:path";
import { testJobEngine } from "@blora/testing";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe } from "vitest";
import { HAS_QUEUE_SERVER, type QueueServer, startQueueServer } from "../../../internal/servers/queue-server.ts";
import { bullmq } from "../src/index.ts";
import { ADDRESS, ATTEMPTS, open } from "./bullmq-entry.ts";

describe.skipIf(!HAS_QUEUE_SERVER)("BullMQ on a server", () => {
  let server: QueueServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await startQueueServer({ password: "secret/of:tests@" });
    process.env[ADDRESS] = server.url;
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.kill();
    delete process.env[ADDRESS];
  });

  testJobEngine(bullmq(), {
    open,
    entry: new URL("./bullmq-entry.ts", import.meta.url),
    execArgv: ["--import", "tsx", "-C", "@blora/source"],
    attempts: ATTEMPTS,
    expire: async (folder, id) => void (await redis.del(`bull:${basename(folder)}:${id}:lock`)),
    async wipe(folder) {
      const keys = await redis.keys(`bull:${basename(folder)}:*`);
      if (keys.length > 0) await redis.del(...keys);
    },
  });
});
