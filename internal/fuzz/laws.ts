import { getHeapStatistics } from "node:v8";
import { BloraError } from "@blora/spec";
import type { Place, Target } from "./target.ts";
import type { Traps } from "./traps.ts";

/** Memory that reading may take: so many bytes, and so many times the file's. */
const FREE_BYTES = 64 * 2 ** 20;
const BYTES_PER_BYTE = 4;
/** Texts of errors that a program makes which trips over what it read; what a template calls is that template's fault. */
const STUMBLES =
  /Cannot (?:read|set) properties|(?<!something that )is not (?:a function|iterable|a constructor)|of (?:undefined|null)\b.*reading|Invalid (?:array|typed array) length|call stack/;

/** A law that reading an input broke. */
export interface Fault {
  readonly law: "error" | "time" | "memory" | "trap" | "crash";
  readonly message: string;
  /** Where the program was: the same place is the same fault. */
  readonly place: string;
}

/** Reads an input and says which law that broke. */
export async function faultOf(
  target: Target,
  bytes: Uint8Array,
  place: Place,
  traps: Traps = () => undefined,
): Promise<Fault | undefined> {
  const held = heldBytes();
  const started = performance.now();
  const ending = await endingOf(target, bytes, place);
  const seconds = (performance.now() - started) / 1000;
  const taken = heldBytes() - held;
  const trapped = traps();
  if (trapped !== undefined) return { law: "trap", message: `it tried to ${trapped}`, place: trapped };
  const stumble = ending === undefined ? undefined : faultOfError(ending.error, target);
  if (stumble !== undefined) return stumble;
  const limit = target.seconds ?? 1;
  if (seconds > limit && (await leastSeconds(target, bytes, place, 3)) > limit) {
    return { law: "time", message: `it took more than ${limit} s`, place: target.name };
  }
  if (taken > FREE_BYTES + BYTES_PER_BYTE * bytes.length) {
    return { law: "memory", message: `it took ${taken} bytes for ${bytes.length}`, place: target.name };
  }
  return undefined;
}

async function endingOf(target: Target, bytes: Uint8Array, place: Place): Promise<{ error: unknown } | undefined> {
  try {
    await target.read(bytes, place);
    return undefined;
  } catch (error) {
    return { error };
  }
}

function faultOfError(error: unknown, target: Target): Fault | undefined {
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  const place = ownFrame(stack);
  if (!BloraError.isInstance(error)) return { law: "error", message: `${(error as Error)?.name}: ${message}`, place };
  if (STUMBLES.test(message)) return { law: "error", message, place };
  if (!message.includes(target.names)) {
    return { law: "error", message: `expected an error that names ${target.names}, found: ${message}`, place };
  }
  return undefined;
}

/** The first line of a stack that is in the packages. */
function ownFrame(stack: string): string {
  const frame =
    stack.split("\n").find((line) => /\/(?:packages|apps)\/[^/]+\/src\//.test(line)) ?? stack.split("\n")[1] ?? "";
  return frame
    .trim()
    .replace(/^at /, "")
    .replace(/(?:file:\/\/)?\/\S*\/(packages|apps|node_modules)\//, "$1/");
}

/** Of the processor, not of the clock: others may keep it busy. The least of several times. */
async function leastSeconds(target: Target, bytes: Uint8Array, place: Place, times: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let time = 0; time < times; time++) {
    const before = process.cpuUsage();
    await endingOf(target, bytes, place);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1e6);
  }
  return least;
}

function heldBytes(): number {
  const { used_heap_size: heap, external_memory: outside } = getHeapStatistics() as ReturnType<
    typeof getHeapStatistics
  > & { readonly external_memory: number };
  return heap + outside;
}
