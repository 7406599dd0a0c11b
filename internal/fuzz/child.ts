/** The process that reads inputs. What it is to do comes as a message, what it found goes back as messages. */
import { type Counters, watchCoverage } from "./coverage.ts";
import { beQuick } from "./quick.ts";
import type { FromChild, Work } from "./run-child.ts";
import { runSession, smallest } from "./session.ts";
import { targetOf } from "./targets/index.ts";
import { setTraps } from "./traps.ts";

const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const send = (message: FromChild): void => {
  process.send!(message);
};

process.once("disconnect", () => process.exit());
process.once("message", async (work: Work) => {
  beQuick();
  const traps = setTraps(work.folder);
  const { bloraCounters: counters } = globalThis as { readonly bloraCounters?: Counters };
  for (const { name, start, runs, corpus } of work.jobs) {
    const target = targetOf(name);
    const coverage = counters && watchCoverage(counters);
    const inputs = corpus.map((text) => Buffer.from(text, "base64"));
    if (work.minimize && coverage !== undefined) {
      const kept = await smallest(target, inputs, work.folder, coverage);
      send({ name, done: 0, finds: [], added: kept.map(toText) });
      continue;
    }
    await runSession({
      ...{ target, folder: work.folder, seed: work.seed, start, runs, corpus: inputs, traps },
      ...(coverage && { coverage }),
      onProgress: (done, finds, added) => {
        const found = finds.map(({ input, ...fault }) => ({ ...fault, input: toText(input) }));
        send({ name, done, finds: found, added: added.map(toText) });
      },
    });
  }
  process.disconnect();
});
