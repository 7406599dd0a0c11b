import { closeSync, openSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
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
 * reads all such files of a run; each process of a resumed run writes its own,
 * which replaces what earlier ones say of steps from `step` on.
 */
export function openEventFile(folder: string, step: number): EventFile {
  const path = join(folder, `events.out.tfevents.${Math.floor(seconds())}.${hostname()}.${process.pid}`);
  const file = openSync(path, "a");
  writeSync(file, tfRecord(versionEvent(seconds())));
  writeSync(file, tfRecord(sessionStartEvent(seconds(), step)));
  return {
    path,
    write: (at, scalars) => void writeSync(file, tfRecord(scalarsEvent(seconds(), at, scalars))),
    close: () => closeSync(file),
  };
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
