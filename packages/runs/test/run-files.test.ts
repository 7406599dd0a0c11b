import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configDifferences } from "../src/fingerprint.ts";
import { openMetricsLog } from "../src/metrics-log.ts";
import { readRecords } from "../src/sweep-records.ts";
import { temporaryFolder } from "./temporary-folder.ts";

describe("openMetricsLog", () => {
  it("drops later steps and a torn last line, and appends", async () => {
    const path = join(temporaryFolder(), "metrics.jsonl");
    writeFileSync(path, '{"step":1,"loss":3}\n{"step":2,"loss":2}\n{"step":3,"loss":1}\n{"step":4,"lo');
    const log = await openMetricsLog(path, 2);
    log.write({ step: 3, loss: 0.5 });
    log.close();
    expect(readFileSync(path, "utf8")).toBe('{"step":1,"loss":3}\n{"step":2,"loss":2}\n{"step":3,"loss":0.5}\n');
  });
});

describe("readRecords", () => {
  it("takes a folder that cannot be read for no empty one", async () => {
    const results = temporaryFolder();
    expect(await readRecords(results)).toEqual(new Map());
    symlinkSync(join(results, "runs"), join(results, "runs"));
    await expect(readRecords(results)).rejects.toThrow("ELOOP");
  });
});

describe("configDifferences (row 43)", () => {
  const config = {
    method: { options: { rank: 8 } },
    engine: { id: "tfjs" },
    data: { folder: "/a", train: { sha256: "1" } },
    arguments: { seed: 1, loggingSteps: 5 },
    versions: { blora: "1" },
  };

  it("prints every setting that changes results, old and new", () => {
    const other = {
      method: { options: { rank: 4 } },
      engine: { id: "onnx" },
      data: { folder: "/a", train: { sha256: "2" } },
      arguments: { seed: 2, loggingSteps: 5, maxSteps: 9 },
      versions: { blora: "1" },
    };
    expect(configDifferences(config, other)).toEqual([
      "method.options.rank: 8 -> 4",
      'engine.id: "tfjs" -> "onnx"',
      'data.train.sha256: "1" -> "2"',
      "arguments.seed: 1 -> 2",
      "arguments.maxSteps: unset -> 9",
    ]);
  });

  it("ignores where the data lies, how often is logged, and package versions", () => {
    const moved = {
      ...config,
      data: { ...config.data, folder: "/b" },
      arguments: { seed: 1, loggingSteps: 1 },
      versions: { blora: "2" },
    };
    expect(configDifferences(config, moved)).toEqual([]);
  });
});
