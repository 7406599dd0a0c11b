import type { Graph, Initializer } from "../graph/graph.ts";
import type { KeptValue, SplitGraph } from "../graph/split-steady.ts";
import type { FedTensor, Session, SessionSettings, Sessions, Values } from "../runtime.ts";

type FedTensors = Readonly<Record<string, FedTensor>>;

/** What the steps of an engine keep between runs. Steps that keep the same share it, whatever the length of their texts. */
export interface KeptValues {
  open(split: SplitGraph): KeptOfStep;
}

export interface KeptOfStep {
  /** The kept values of a step by name, computed anew where a steady input is another array than before. */
  get(inputs: FedTensors): Promise<FedTensors>;
  release(): Promise<void>;
}

/** A value that steps share. */
interface Entry {
  /** Steps that use it. */
  users: number;
  /** How often it was computed. */
  version: number;
  /** The steady inputs it was made from, by name, and what came of them; absent until it is computed. */
  made?: { readonly from: ReadonlyMap<string, Values>; readonly values: Values };
}

type Own = readonly { readonly value: KeptValue; readonly entry: Entry }[];

export function createKeptValues(sessions: Sessions, settings: SessionSettings): KeptValues {
  const entries = new Map<number, Entry>();
  const derivations = createDerivations();
  return {
    open({ kept, computing }) {
      const keys = derivations.of(computing(kept), kept);
      for (const key of keys) if (!entries.has(key)) entries.set(key, { users: 0, version: 0 });
      const own = kept.map((value, index) => ({ value, entry: entries.get(keys[index]!)! }));
      for (const { entry } of own) entry.users += 1;
      const computation = createComputation((values) => sessions.create(computing(values), settings));
      return {
        get: createGetter(own, computation.run),
        async release() {
          for (const [index, { entry }] of own.entries()) {
            entry.users -= 1;
            if (entry.users === 0) entries.delete(keys[index]!);
          }
          await computation.release();
        },
      };
    },
  };
}

type Compute = (values: readonly KeptValue[], inputs: FedTensors) => Promise<Readonly<Record<string, Values>>>;

/** Computes some values of a step. Another adapter means the same computation again, so that its session stays. */
function createComputation(open: (values: readonly KeptValue[]) => Promise<Session>): {
  readonly run: Compute;
  release(): Promise<void>;
} {
  const opened = new Map<string, Promise<Session>>();
  return {
    async run(values, inputs) {
      const key = values.map(({ name }) => name).join();
      const session = opened.get(key) ?? open(values);
      opened.set(key, session);
      const { inputNames, compute } = await session;
      return compute(Object.fromEntries(inputNames.map((name) => [name, inputs[name]!])));
    },
    async release() {
      for (const session of opened.values()) await (await session).release();
    },
  };
}

function createGetter(own: Own, compute: Compute): KeptOfStep["get"] {
  const names = [...new Set(own.flatMap(({ value }) => value.reads))];
  /** What was fed last, and the versions of the values then: tokens of one text differ in neither. */
  let last: { readonly fed: readonly Values[]; readonly versions: readonly number[] } | undefined;
  const isAsBefore = (inputs: FedTensors): boolean =>
    last !== undefined &&
    names.every((name, index) => inputs[name]!.values === last!.fed[index]) &&
    own.every(({ entry }, index) => entry.version === last!.versions[index]);

  return async (inputs) => {
    const isKnown = isAsBefore(inputs);
    const held = own.map(({ value, entry }) =>
      isKnown || isMadeFrom(entry, value, inputs) ? entry.made?.values : undefined,
    );
    const missing = own.filter((_, index) => held[index] === undefined);
    if (missing.length > 0) {
      // What is computed again is let go first: where it is large, both do not fit.
      for (const { entry } of missing) delete entry.made;
      const results = await compute(
        missing.map(({ value }) => value),
        inputs,
      );
      for (const { value, entry } of missing) {
        const from = new Map(value.reads.map((name) => [name, inputs[name]!.values]));
        entry.made = { from, values: results[value.name]! };
        entry.version += 1;
      }
      for (const [index, { entry }] of own.entries()) held[index] ??= entry.made?.values;
    }
    // Another step may have computed for another adapter meanwhile.
    const isShared = own.every(({ entry }, index) => entry.made?.values === held[index]);
    last = isShared
      ? { fed: names.map((name) => inputs[name]!.values), versions: own.map(({ entry }) => entry.version) }
      : undefined;
    return Object.fromEntries(own.map(({ value: { name, shape } }, index) => [name, { values: held[index]!, shape }]));
  };
}

function isMadeFrom({ made }: Entry, { reads }: KeptValue, inputs: FedTensors): boolean {
  return made !== undefined && reads.every((name) => made.from.get(name) === inputs[name]!.values);
}

/** Bytes up to which constants are compared, and not where they lie. */
const SMALL_BYTES = 256;

/** Numbers values by what they are made of: equal ones are equal whatever graph they are in. */
function createDerivations() {
  const numbers = new Map<string, number>();
  const memories = new WeakMap<ArrayBufferLike, number>();
  const numberOf = (text: string): number => {
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return number;
  };
  let buffers = 0;
  const placeOf = (data: Initializer["data"]): string => {
    if (!(data instanceof Uint8Array)) return `${data.path} ${data.offset} ${data.length}`;
    if (data.byteLength <= SMALL_BYTES) return String(data);
    const buffer = memories.get(data.buffer) ?? buffers++;
    memories.set(data.buffer, buffer);
    return `memory ${buffer} ${data.byteOffset} ${data.byteLength}`;
  };

  return {
    of({ nodes, initializers, inputs }: Graph, values: readonly KeptValue[]): number[] {
      const known = new Map<string, number>();
      for (const { name, type, shape, data } of initializers) {
        known.set(name, numberOf(`${type} [${shape}] of ${placeOf(data)}`));
      }
      for (const { name, type, shape } of inputs) known.set(name, numberOf(`${type} [${shape}] input ${name}`));
      for (const { domain, operator, attributes, inputs: read, outputs } of nodes) {
        const from = read.map((name) => known.get(name));
        const made = JSON.stringify([domain, operator, attributes, from]);
        for (const [index, name] of outputs.entries()) known.set(name, numberOf(`${index} of ${made}`));
      }
      return values.map(({ name }) => known.get(name)!);
    },
  };
}
