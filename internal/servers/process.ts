import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const START_MILLISECONDS = 30_000;

/** A server of this machine alone, for as long as a test takes. */
export interface TestServer {
  /** Address it listens at. */
  readonly host: string;
  readonly port: number;
  /** As a power cut would: nothing is saved, nobody is told. */
  kill(): Promise<void>;
  /** After `kill`: the same server at the same address, with the data that were on disk. */
  start(): Promise<void>;
}

export function hasProgram(name: string): boolean {
  try {
    execFileSync("which", [name], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
}

/** The loopback, which no other machine reaches. */
export const LOOPBACK = "127.0.0.1";

/** Starts a program that listens on a port, and waits until it does. */
export async function startServer(
  command: readonly [string, ...string[]],
  {
    host,
    port,
    environment = {},
  }: { readonly host: string; readonly port: number; readonly environment?: NodeJS.ProcessEnv },
): Promise<TestServer> {
  let child: ChildProcess | undefined;
  let output = "";
  // A test that is ended leaves no server behind.
  const end = (): void => void child?.kill("SIGKILL");
  const server: TestServer = {
    host,
    port,
    async kill() {
      process.off("exit", end);
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
    async start() {
      const [program, ...args] = command;
      process.on("exit", end);
      child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
      for (const stream of [child.stdout!, child.stderr!]) {
        stream.on("data", (text: Buffer) => {
          output = `${output}${text}`.slice(-4000);
        });
      }
      for (const limit = performance.now() + START_MILLISECONDS; !(await listens(host, port)); await sleep(50)) {
        if (child.exitCode === null && performance.now() < limit) continue;
        await server.kill();
        throw new Error(`${command.join(" ")}: expected it to listen on port ${port}, found: ${output}`);
      }
    },
  };
  await server.start();
  return server;
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** Ports of the loopback that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, LOOPBACK));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
