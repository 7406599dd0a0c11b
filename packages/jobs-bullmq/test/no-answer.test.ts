import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openBullmq } from "../src/index.ts";

const sockets: Socket[] = [];
/** Takes connections and says nothing. */
const server = createServer((socket) => sockets.push(socket));

beforeEach(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

test("a worker that is to end waits for no first answer", async () => {
  const engine = openBullmq(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const ending = new AbortController();
  const work = engine.work(() => Promise.reject(new Error("There is no job.")), { signal: ending.signal });
  await expect.poll(() => sockets.length).toBeGreaterThan(0);
  ending.abort();
  await expect(work).resolves.toBeUndefined();
  await engine.close();
});
