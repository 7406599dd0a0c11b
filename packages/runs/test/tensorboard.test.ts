import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { crc32c, maskedCrc32c } from "../src/tensorboard/crc32c.ts";
import { scalarsEvent, sessionStartEvent, versionEvent } from "../src/tensorboard/event.ts";
import { openEventFile, tfRecord } from "../src/tensorboard/event-file.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("crc32c", () => {
  it("equals the test vectors of RFC 3720, B.4", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  });

  it("is masked as TensorFlow masks it", () => {
    // rotate right by 15, plus 0xa282ead8: of 0xe3069283.
    expect(maskedCrc32c(new TextEncoder().encode("123456789"))).toBe((0x2507c60d + 0xa282ead8) >>> 0);
  });
});

describe("events", () => {
  it("are the bytes of TensorFlow's Event message", () => {
    // 09 wall_time (double 1.5), 1a file_version
    expect(hex(versionEvent(1.5))).toBe(`09000000000000f83f1a0d${Buffer.from("brain.Event:2").toString("hex")}`);
    // 09 wall_time, 10 step 300, 3a session_log { 08 status START }
    expect(hex(sessionStartEvent(1.5, 300))).toBe("09000000000000f83f10ac023a020801");
    // 2a summary { 0a value { 0a tag "a", 15 simple_value 0.5 } }
    expect(hex(scalarsEvent(1.5, 1, { a: 0.5 }))).toBe("09000000000000f83f10012a0a0a080a0161150000003f");
  });
});

describe("openEventFile", () => {
  it("frames every record with its length and two checksums", () => {
    const record = tfRecord(Uint8Array.of(1, 2, 3));
    const view = new DataView(record.buffer);
    expect(record.length).toBe(8 + 4 + 3 + 4);
    expect(view.getBigUint64(0, true)).toBe(3n);
    expect(view.getUint32(8, true)).toBe(maskedCrc32c(record.subarray(0, 8)));
    expect(view.getUint32(15, true)).toBe(maskedCrc32c(Uint8Array.of(1, 2, 3)));
  });

  it("comes after the files of earlier processes, also where the clock was set back since", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "events.out.tfevents.9999999998.zebra.7"), "");
    openEventFile(folder, 4).close();
    const [first, second] = readdirSync(folder).sort();
    expect(first).toBe("events.out.tfevents.9999999998.zebra.7");
    expect(second).toMatch(/^events\.out\.tfevents\.9999999999\./);
  });

  it("writes a file whose records decode to what was logged", () => {
    const file = openEventFile(temporaryFolder(), 4);
    file.write(5, { "train/loss": 0.25, "train/learningRate": 1e-3 });
    file.close();
    expect(file.path).toMatch(/events\.out\.tfevents\.\d+\./);
    const bytes = readFileSync(file.path);
    const records: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += 16 + Number(bytes.readBigUInt64LE(at))) {
      records.push(bytes.subarray(at + 12, at + 12 + Number(bytes.readBigUInt64LE(at))));
    }
    expect(records).toHaveLength(3);
    const scalars: Record<string, number> = {};
    const event = new BinaryReader(records[2]!);
    event.tag();
    expect(event.double()).toBeGreaterThan(1e9);
    event.tag();
    expect(Number(event.int64())).toBe(5);
    event.tag();
    const summary = new BinaryReader(event.bytes());
    while (summary.pos < summary.len) {
      summary.tag();
      const value = new BinaryReader(summary.bytes());
      value.tag();
      const tag = value.string();
      value.tag();
      scalars[tag] = value.float();
    }
    expect(scalars).toEqual({ "train/loss": 0.25, "train/learningRate": Math.fround(1e-3) });
  });
});
