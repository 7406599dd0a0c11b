import { InvalidInputError } from "@blora/spec";
import { readAt } from "../positioned-read.ts";

/** A place in an open file that moves forward as bytes are taken, and never past `end`. */
export interface FileCursor {
  /** Bytes from the start of the file. */
  readonly position: number;
  /** The next byte. */
  byte(): number;
  /** The next `length` bytes. */
  take(length: number): Buffer;
  skip(length: number): void;
  /** Text up to a line feed, which is passed over. */
  line(): string;
  /** @returns never: throws an error that names the file and the place */
  fail(problem: string, at?: number): never;
}

const WINDOW_BYTES = 1 << 16;
const LONGEST_LINE = 1 << 12;

/** Reads from `start` to `end`, in bytes, through a small window. */
export function createFileCursor(descriptor: number, path: string, start: number, end: number): FileCursor {
  let position = start;
  let window = new Uint8Array(0);
  let windowStart = start;

  const fail = (problem: string, at = position): never => {
    throw new InvalidInputError(`${path}, byte ${at}: ${problem}`);
  };
  const require = (length: number): void => {
    if (length > end - position) fail(`the file is cut short: expected ${length} more bytes, found ${end - position}`);
  };
  return {
    get position() {
      return position;
    },
    byte() {
      require(1);
      if (position >= windowStart + window.length) {
        window = new Uint8Array(Math.min(WINDOW_BYTES, end - position));
        windowStart = position;
        readAt(descriptor, window, position, path);
      }
      return window[position++ - windowStart]!;
    },
    take(length) {
      require(length);
      const bytes = Buffer.alloc(length);
      const known = window.subarray(Math.min(window.length, position - windowStart)).subarray(0, length);
      bytes.set(known);
      readAt(descriptor, bytes.subarray(known.length), position + known.length, path);
      position += length;
      return bytes;
    },
    skip(length) {
      require(length);
      position += length;
    },
    line() {
      let text = "";
      for (let next = this.byte(); next !== 0x0a; next = this.byte()) {
        if (text.length === LONGEST_LINE) fail(`expected a name of at most ${LONGEST_LINE} bytes`);
        text += String.fromCharCode(next);
      }
      return text;
    },
    fail,
  };
}
