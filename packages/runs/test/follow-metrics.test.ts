import { appendFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { followMetrics } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const line = (step: number, loss: number) => `${JSON.stringify({ step, loss, learningRate: 0.1 })}\n`;

describe("followMetrics", () => {
  it("tells each line once, when it is whole", async () => {
    const path = join(temporaryFolder(), "metrics.jsonl");
    const follower = followMetrics(path);
    const steps = async () => (await follower.read()).metrics.steps.map(({ step }) => step);
    expect(await steps()).toEqual([]);
    writeFileSync(path, line(1, 3) + line(2, 2).slice(0, 9));
    expect(await steps()).toEqual([1]);
    expect(await steps()).toEqual([]);
    appendFileSync(path, `${line(2, 2).slice(9)}not JSON\n${line(3, 1)}`);
    expect(await steps()).toEqual([2, 3]);
  });

  it("begins again where the log is written anew, cut or removed", async () => {
    const path = join(temporaryFolder(), "metrics.jsonl");
    writeFileSync(path, line(1, 3) + line(2, 2));
    const follower = followMetrics(path);
    await follower.read();
    writeFileSync(`${path}.new`, line(1, 3) + line(2, 4) + line(3, 5));
    renameSync(`${path}.new`, path);
    const anew = await follower.read();
    expect(anew.isAnew).toBe(true);
    expect(anew.metrics.steps.map(({ loss }) => loss)).toEqual([3, 4, 5]);
    writeFileSync(path, line(1, 7));
    const cut = await follower.read();
    expect([cut.isAnew, cut.metrics.steps.map(({ loss }) => loss)]).toEqual([true, [7]]);
    rmSync(path);
    expect((await follower.read()).isAnew).toBe(true);
  });
});
