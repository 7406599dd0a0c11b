import { InvalidInputError } from "@blora/spec";
import type { RedisOptions } from "ioredis";

/** A server of Valkey or Redis, without secrets. */
export interface QueuePlace {
  readonly host: string;
  readonly port: number;
  /** Whether the connection is encrypted; certificates are checked against Node's authorities and `NODE_EXTRA_CA_CERTS`. */
  readonly tls: boolean;
  readonly database: number;
}

export interface QueueAccess {
  readonly username?: string;
  readonly password?: string;
}

const SCHEMES: ReadonlyMap<string, boolean> = new Map([
  ["redis:", false],
  ["valkey:", false],
  ["rediss:", true],
  ["valkeys:", true],
]);
export const PORT = 6379;

/** User and password of the environment. */
export function accessOf({
  BLORA_QUEUE_USERNAME: username,
  BLORA_QUEUE_PASSWORD: password,
}: NodeJS.ProcessEnv): QueueAccess {
  return { ...(username && { username }), ...(password && { password }) };
}

export function isQueueAddress(text: string): boolean {
  return /^(redis|valkey)s?:/.test(text);
}

/**
 * Takes `rediss://user:password@host:6379/0` apart. User and password may be in `BLORA_QUEUE_USERNAME` and
 * `BLORA_QUEUE_PASSWORD` instead, where no list of processes shows them.
 *
 * @throws InvalidInputError for another address, which it does not repeat: it may hold a password
 */
export function parseQueueAddress(
  text: string,
  environment: NodeJS.ProcessEnv = process.env,
): { readonly place: QueuePlace; readonly access: QueueAccess } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const tls = SCHEMES.get(url?.protocol ?? "");
  const database = /^\/?(\d*)$/.exec(url?.pathname ?? "")?.[1];
  if (url === undefined || tls === undefined || url.hostname === "" || database === undefined || url.search !== "") {
    throw new InvalidInputError(
      "Expected an address such as redis://host, or rediss://user@host:6379/0 for an encrypted connection, found another one. The password may be in BLORA_QUEUE_PASSWORD.",
    );
  }
  const username = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  return {
    place: {
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: url.port === "" ? PORT : Number(url.port),
      tls,
      database: Number(database),
    },
    access: { ...accessOf(environment), ...(username && { username }), ...(password && { password }) },
  };
}

/** As messages name it. */
export function nameOf({ host, port, tls }: QueuePlace): string {
  return `${tls ? "rediss" : "redis"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Longest wait between two attempts to connect again. */
const LONGEST_WAIT_MILLISECONDS = 5000;

export function clientOptions({ host, port, tls, database }: QueuePlace, access: QueueAccess): RedisOptions {
  return {
    host,
    port,
    db: database,
    ...access,
    ...(tls && { tls: { servername: host } }),
    // A command waits for the server to be back: who waits for it decides for how long.
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    connectTimeout: 10_000,
    keepAlive: 10_000,
    // A cable that was pulled out: what waits for an answer is asked again over another connection.
    socketTimeout: 30_000,
    retryStrategy: (times) => Math.min(LONGEST_WAIT_MILLISECONDS, 100 * 2 ** times),
  };
}
