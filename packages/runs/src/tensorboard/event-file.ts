import { readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { openLogFile } from "@blora/files";
import { maskedCrc32c } from "./crc32c.ts";
import { scalarsEvent, sessionStartEvent, versionEvent } from "./event.ts";

/** A TensorBoard log of scalars. */
export interface EventFile {
  readonly path: string;
  write(step: number, scalars: Readonly<Record<string, number>>): void;
  close(): void;
}

/**
 * Starts `events.out.tfevents.<seconds>.<host>.<pid>` in a folder. TensorBoard
 * reads all such files of a run in the order of their names; each process of a
 * resumed run writes its own, which replaces what earlier ones say of steps from
 * `step` on, and so comes after them, also where the clock was set back since.
 */
export function openEventFile(folder: string, step: number): EventFile {
  const started = Math.max(Math.floor(seconds()), newest(folder) + 1);
  const path = join(folder, `events.out.tfevents.${started}.${hostname()}.${process.pid}`);
  const file = openLogFile(path);
  file.append(tfRecord(versionEvent(seconds())));
  file.append(tfRecord(sessionStartEvent(seconds(), step)));
  return {
    path,
    write: (at, scalars) => file.append(tfRecord(scalarsEvent(seconds(), at, scalars))),
    close: file.close,
  };
}

/** Seconds in the names of a folder's event files; 0 where there is none. */
function newest(folder: string): number {
  const named = readdirSync(folder).map((name) => Number(/^events\.out\.tfevents\.(\d+)\./.exec(name)?.[1] ?? 0));
  return Math.max(0, ...named);
}

/** TFRecord framing: length, its CRC, data, its CRC, all little-endian. */
export function tfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}

function seconds(): number {
  return Date.now() / 1000;
}
