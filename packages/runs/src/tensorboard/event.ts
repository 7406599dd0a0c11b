import { BinaryWriter } from "@bufbuild/protobuf/wire";

// Field numbers of tensorflow/core/util/event.proto and framework/summary.proto.
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const SUMMARY_VALUE = 1;
const VALUE = { tag: 1, simpleValue: 2 } as const;
const SESSION_STATUS = 1;
const SESSION_START = 1;
/** What every event file starts with. */
const FILE_VERSION = "brain.Event:2";

/** First event of a file. `seconds` since 1970. */
export function versionEvent(seconds: number): Uint8Array {
  return new BinaryWriter()
    .tag(EVENT.wallTime, 1)
    .double(seconds)
    .tag(EVENT.fileVersion, 2)
    .string(FILE_VERSION)
    .finish();
}

/** Tells TensorBoard to forget what earlier files of the run say of later steps. */
export function sessionStartEvent(seconds: number, step: number): Uint8Array {
  const writer = header(seconds, step).tag(EVENT.sessionLog, 2).fork();
  return writer.tag(SESSION_STATUS, 0).int32(SESSION_START).join().finish();
}

/** Scalars of one step, by tag such as `train/loss`. */
export function scalarsEvent(seconds: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const writer = header(seconds, step).tag(EVENT.summary, 2).fork();
  for (const [tag, value] of Object.entries(scalars)) {
    writer.tag(SUMMARY_VALUE, 2).fork();
    writer.tag(VALUE.tag, 2).string(tag).tag(VALUE.simpleValue, 5).float(value);
    writer.join();
  }
  return writer.join().finish();
}

function header(seconds: number, step: number): BinaryWriter {
  return new BinaryWriter().tag(EVENT.wallTime, 1).double(seconds).tag(EVENT.step, 0).int64(step);
}
