import { join } from "node:path";
import { freePorts, hasProgram, LOOPBACK, startServer, type TestServer } from "./process.ts";

const PROGRAM = ["valkey-server", "redis-server"].find(hasProgram);
export const HAS_QUEUE_SERVER: boolean = PROGRAM !== undefined;
if (!HAS_QUEUE_SERVER) console.warn("SKIPPED: what needs Valkey or Redis, because neither is installed.");

export interface QueueServer extends TestServer {
  /** With its password. */
  readonly url: string;
}

export interface QueueServerOptions {
  /** Address of this machine to listen at. Default the loopback. */
  readonly host?: string;
  /** For its data; without one, they are lost where it is killed. */
  readonly folder?: string;
  readonly password?: string;
  /** Folder with `key.pem` and `certificate.pem`: connections are encrypted then. */
  readonly certificates?: string;
}

export async function startQueueServer({
  host = LOOPBACK,
  folder,
  password,
  certificates,
}: QueueServerOptions = {}): Promise<QueueServer> {
  const [port] = (await freePorts(1)) as [number];
  const kept =
    folder === undefined ? ["--appendonly", "no"] : ["--appendonly", "yes", "--appendfsync", "always", "--dir", folder];
  const access = password === undefined ? [] : ["--requirepass", password];
  const alone = ["--bind", host, "--protected-mode", "no", "--save", "", "--maxmemory-policy", "noeviction"];
  const files = (folder: string): string[] =>
    ["key", "cert", "ca-cert"].flatMap((kind) => [
      `--tls-${kind}-file`,
      join(folder, kind === "key" ? "key.pem" : "certificate.pem"),
    ]);
  const listening =
    certificates === undefined
      ? ["--port", `${port}`]
      : ["--port", "0", "--tls-port", `${port}`, "--tls-auth-clients", "no", ...files(certificates)];
  const server = await startServer([PROGRAM!, ...listening, ...alone, ...kept, ...access], { host, port });
  return {
    ...server,
    url: `redis://${password === undefined ? "" : `:${encodeURIComponent(password)}@`}${host}:${port}`,
  };
}
