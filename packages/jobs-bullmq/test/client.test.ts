import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HAS_QUEUE_SERVER, type QueueServer, startQueueServer } from "../../../internal/servers/queue-server.ts";
import { Client } from "../src/client.ts";

describe.skipIf(!HAS_QUEUE_SERVER)("a connection that closes with a question open", () => {
  let server: QueueServer;
  beforeAll(async () => {
    server = await startQueueServer();
  });
  afterAll(() => server.kill());

  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

  test.each([
    ["itself", (client: Client) => client],
    ["as a copy", (client: Client) => client.duplicate()],
  ])("leaves no timer, %s", async (_, of) => {
    const client = new Client({ port: server.port, lazyConnect: true, socketTimeout: 600_000 });
    const asked = of(client);
    await asked.ping();
    const before = timers();
    const answer = asked.xread("BLOCK", 0, "STREAMS", "none", "$").catch((error: Error) => error.message);
    await expect.poll(timers).toBeGreaterThan(before);
    const closed = once(asked, "close");
    asked.disconnect();
    await closed;
    expect(await answer).toBe("Connection is closed.");
    expect((asked as unknown as { socketTimeoutTimer?: unknown }).socketTimeoutTimer).toBeUndefined();
    client.disconnect();
  });
});
