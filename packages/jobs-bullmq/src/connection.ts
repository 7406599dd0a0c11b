import { BloraError } from "@blora/spec";
import type { Redis } from "ioredis";
import { clientOptions, nameOf, type QueueAccess, type QueuePlace } from "./address.ts";

/** Time for a server to answer for the first time; one that was there is waited for. */
const FIRST_ANSWER_MILLISECONDS = 15_000;
/** What the server says where it will not have us, whoever asks. */
const REFUSED = /^(WRONGPASS|NOAUTH|NOPERM|ERR Client sent AUTH|ERR AUTH|ERR DB index|ERR invalid DB)/;

export interface Connection {
  /** As messages name it. */
  readonly name: string;
  /** Connects where that was not done. @throws BloraError where no server answers, or it refuses */
  client(): Promise<Redis>;
  close(): void;
}

/** @param onNote told when the server is not to be reached, and when it is again */
export function createConnection(place: QueuePlace, access: QueueAccess, onNote: (note: string) => void): Connection {
  const name = nameOf(place);
  let opened: Promise<Redis> | undefined;
  let redis: Redis | undefined;
  const open = async (): Promise<Redis> => {
    const { Client } = await import("./client.ts");
    redis = new Client({ ...clientOptions(place, access), lazyConnect: true });
    const reported = reporting(redis, name, onNote);
    await firstAnswer(redis, name, reported);
    return redis;
  };
  return {
    name,
    client() {
      opened ??= open();
      return opened;
    },
    close() {
      redis?.disconnect();
    },
  };
}

/** Why a connection does not come about. */
interface Trouble {
  reason: string | undefined;
}

/** Errors of the client hold the command with its password: only their message is used. */
function reporting(redis: Redis, name: string, onNote: (note: string) => void): Trouble {
  const trouble: Trouble = { reason: undefined };
  let wasReady = false;
  redis.on("error", ({ message, code }: NodeJS.ErrnoException) => {
    const isNew = trouble.reason === undefined;
    trouble.reason = code ?? message;
    if (isNew && wasReady) onNote(`${name} does not answer (${trouble.reason}): waiting for it.`);
  });
  redis.on("ready", () => {
    if (trouble.reason !== undefined && wasReady) onNote(`${name} answers again.`);
    trouble.reason = undefined;
    wasReady = true;
  });
  return trouble;
}

async function firstAnswer(redis: Redis, name: string, trouble: Trouble): Promise<void> {
  const limit = performance.now() + FIRST_ANSWER_MILLISECONDS;
  const answer = redis.ping().then(
    () => "ready" as const,
    (error: Error) => {
      trouble.reason = error.message;
      return "failed" as const;
    },
  );
  for (;;) {
    const state = await Promise.race([answer, pause(100)]);
    if (state === "ready") return;
    const isRefused = REFUSED.test(trouble.reason ?? "");
    if (state === "later" && !isRefused && performance.now() < limit) continue;
    redis.disconnect();
    const found = trouble.reason === undefined ? "no answer" : trouble.reason.replace(/\.$/, "");
    const advice = isRefused ? " The password may be in the address or in BLORA_QUEUE_PASSWORD." : "";
    throw new BloraError(`${name}: expected a server of Valkey or Redis, found: ${found}.${advice}`);
  }
}

function pause(milliseconds: number): Promise<"later"> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, "later"));
}

/**
 * What the server says where it answers and does not do what it is asked, such as one that is full or a replica; undefined for
 * any other error. Without the script that asked.
 */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== "ReplyError") return undefined;
  return error.message.replace(/ script: .*$/s, "").replace(/\.$/, "");
}

/** @throws BloraError with what the server says where it refuses */
export async function unlessRefused<Value>(name: string, work: Promise<Value>): Promise<Value> {
  return work.catch((cause: unknown) => {
    const refusal = refusalOf(cause);
    if (refusal === undefined) throw cause;
    throw new BloraError(`${name}: expected a server that takes jobs, found: ${refusal}.`);
  });
}
