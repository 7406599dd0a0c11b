import { openBullmq } from "../src/index.ts";

/** Submits a job to the address it is given, and prints the first that is told of it. */
const engine = openBullmq(process.argv[2]!);
await engine.submit([{ id: "a".repeat(64), manifest: {}, needs: { memoryBytes: 0, threads: 1 }, inputs: [] }]);
for await (const { type } of engine.events()) {
  console.log(type);
  break;
}
await engine.close();
