import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { LOOPBACK, type TestServer } from "./process.ts";

/** How a host of a test reaches the servers, until somebody pulls out the cable. */
export interface Link {
  /** In front of a command that is to run on the host. */
  readonly before: readonly string[];
  /** Where the host finds a server. */
  addressOf(server: Pick<TestServer, "host" | "port">): Promise<string>;
  /** From now on nothing arrives, in either direction, and nobody is told. */
  cut(): void;
  /** What was on its way arrives. */
  mend(): void;
  close(): void;
}

/** Of this machine, by ports of its own that pass everything on. */
export function createCables(): Link {
  const ends: (() => void)[] = [];
  const sockets = new Set<Socket>();
  let isCut = false;
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from);
    if (isCut) from.pause();
    from.on("data", (bytes) => to.write(bytes));
    from.on("end", () => to.end());
    from.on("error", () => undefined);
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  return {
    before: [],
    async addressOf({ host, port }) {
      const server = createServer((near) => {
        const far = connect(port, host);
        pass(near, far);
        pass(far, near);
      });
      await once(server.listen(0, LOOPBACK), "listening");
      ends.push(() => server.close());
      return `${LOOPBACK}:${(server.address() as { readonly port: number }).port}`;
    },
    cut() {
      isCut = true;
      for (const socket of sockets) socket.pause();
    },
    mend() {
      isCut = false;
      for (const socket of sockets) socket.resume();
    },
    close() {
      for (const end of ends) end();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Of a network that is for tests of networks, another for each process, so that two do not meet. */
const NETWORK = `198.18.${process.pid % 256}`;
/** Where servers listen that hosts in namespaces are to reach. It is there while one of the hosts is. */
export const SERVERS_ADDRESS: string = `${NETWORK}.1`;

/** Whether this user may make network namespaces. */
export function canMakeNamespaces(): boolean {
  try {
    createNamespace(250).close();
    return true;
  } catch {
    return false;
  }
}

/**
 * A network namespace with a cable to this machine, as a machine of its own has.
 *
 * @param number from 1 to 250, of the host
 * @throws where this user may make none
 */
export function createNamespace(number: number): Link {
  const name = `blora-${process.pid}-${number}`;
  const near = `bl${process.pid % 1_000_000}n${number}`;
  const own = `${NETWORK}.${number + 1}`;
  ip("netns", "add", name);
  try {
    ip("link", "add", near, "type", "veth", "peer", "name", "cable", "netns", name);
    ip("addr", "add", SERVERS_ADDRESS, "peer", own, "dev", near);
    ip("link", "set", near, "up");
    ip("-n", name, "addr", "add", own, "peer", SERVERS_ADDRESS, "dev", "cable");
    for (const device of ["lo", "cable"]) ip("-n", name, "link", "set", device, "up");
  } catch (error) {
    ip("netns", "del", name);
    throw error;
  }
  let isThere = true;
  const remove = (): void => {
    process.off("exit", remove);
    if (isThere) ip("netns", "del", name);
    isThere = false;
  };
  // Whatever ends this process leaves none behind.
  process.on("exit", remove);
  return {
    before: ["ip", "netns", "exec", name],
    addressOf: async ({ host, port }) => `${host}:${port}`,
    cut: () => ip("-n", name, "link", "set", "cable", "down"),
    mend: () => ip("-n", name, "link", "set", "cable", "up"),
    close: remove,
  };
}

function ip(...words: readonly string[]): void {
  execFileSync("ip", words, { stdio: "pipe" });
}
