import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { BloraError } from "@blora/spec";
import type { Place, Target } from "./target.ts";
import type { Traps } from "./traps.ts";

/** Memory that reading may take: so many bytes, and so many times the file's. */
const FREE_BYTES = 64 * 2 ** 20;
const BYTES_PER_BYTE = 4;
/** Texts of errors that a program makes which trips over what it read; what a template calls is that template's fault. */
const STUMBLES =
  /Cannot (?:read|set) properties|(?<!something that |' object )is not (?:a function|iterable|a constructor)|of (?:undefined|null)\b.*reading|Invalid (?:array|typed array) length|call stack/;

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
  if (seconds > limit && (await leastOf(3, () => processorSeconds(target, bytes, place))) > limit) {
    return { law: "time", message: `it took more than ${limit} s`, place: target.name };
  }
  const allowed = FREE_BYTES + BYTES_PER_BYTE * bytes.length;
  // Others may have left what is collected now, or a library was loaded.
  if (taken > allowed && (await leastOf(3, () => takenBytes(target, bytes, place))) > allowed) {
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

/** A stack is read of faults alone: to write one takes longer than most inputs do. */
function faultOfError(error: unknown, target: Target): Fault | undefined {
  const message = error instanceof Error ? error.message : String(error);
  const fault = (text: string): Fault => ({
    law: "error",
    message: text,
    place: ownFrame(error instanceof Error ? (error.stack ?? "") : ""),
  });
  if (!BloraError.isInstance(error)) return fault(`${(error as Error)?.name}: ${message}`);
  if (STUMBLES.test(message)) return fault(message);
  if (!message.includes(target.names)) return fault(`expected an error that names ${target.names}, found: ${message}`);
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

async function leastOf(times: number, measure: () => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let time = 0; time < times; time++) least = Math.min(least, await measure());
  return least;
}

/** Of the processor, not of the clock: others may keep it busy. */
async function processorSeconds(target: Target, bytes: Uint8Array, place: Place): Promise<number> {
  const before = process.cpuUsage();
  await endingOf(target, bytes, place);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Beside nothing that could be collected. Of buffers the second collection counts those that the first has found. */
async function takenBytes(target: Target, bytes: Uint8Array, place: Place): Promise<number> {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc(); gc();");
  const held = heldBytes();
  await endingOf(target, bytes, place);
  return heldBytes() - held;
}

function heldBytes(): number {
  const { used_heap_size: heap, external_memory: outside } = getHeapStatistics() as ReturnType<
    typeof getHeapStatistics
  > & { readonly external_memory: number };
  return heap + outside;
}
