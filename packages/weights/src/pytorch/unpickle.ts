import type { FileCursor } from "./file-cursor.ts";

/** A tuple or a list. */
type Sequence = unknown[];

/** What a pickle calls: given the arguments, gives the object. Throws an `Error` where they are not what it takes. */
export type PickleFunction = (...args: readonly unknown[]) => unknown;

/** All that a pickle may name and refer to. Nothing else is ever looked up, and nothing is run. */
export interface PickleWorld {
  /** By `module.name`: functions are called, every other value stands for itself. */
  readonly globals: ReadonlyMap<string, unknown>;
  /** The object of a persistent id. Throws an `Error` where it is none. */
  readonly persistent: (id: unknown) => unknown;
}

/** More tuples, lists and dictionaries than any state dict has. */
const MOST_CONTAINERS = 2_000_000;
const HIGHEST_PROTOCOL = 5;
/** Bytes of the largest whole number; a Python one has no limit. */
const LARGEST_INTEGER = 16;

interface Machine {
  readonly cursor: FileCursor;
  readonly world: PickleWorld;
  readonly stack: unknown[];
  /** Stack heights where a run of items begins. */
  readonly marks: number[];
  readonly memo: Map<number, unknown>;
  containers: number;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function pop({ stack, marks, cursor }: Machine): unknown {
  if (stack.length <= (marks.at(-1) ?? 0)) cursor.fail("the pickle takes a value from an empty stack");
  return stack.pop();
}

function popToMark({ stack, marks, cursor }: Machine): unknown[] {
  const mark = marks.pop();
  return mark === undefined ? cursor.fail("the pickle ends a run of values that nothing begins") : stack.splice(mark);
}

function pushContainer(machine: Machine, value: Sequence | Map<unknown, unknown>): void {
  if (++machine.containers > MOST_CONTAINERS) machine.cursor.fail(`expected at most ${MOST_CONTAINERS} objects`);
  machine.stack.push(value);
}

function pushTuple(machine: Machine, length: number): void {
  const items = Array.from({ length }, () => pop(machine)).reverse();
  pushContainer(machine, items);
}

function pushText(machine: Machine, length: number): void {
  const bytes = machine.cursor.take(length);
  try {
    machine.stack.push(utf8.decode(bytes));
  } catch {
    machine.cursor.fail("expected text in UTF-8");
  }
}

/** A whole number of any length, least byte first, as two's complement. */
function integer({ cursor }: Machine, length: number): number | bigint {
  if (length > LARGEST_INTEGER) cursor.fail(`expected a whole number of at most ${LARGEST_INTEGER} bytes`);
  const digits = [...cursor.take(length)].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const value = BigInt.asIntN(8 * length, digits);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function setItems(machine: Machine, target: unknown, items: readonly unknown[]): void {
  if (!(target instanceof Map) || items.length % 2 !== 0)
    machine.cursor.fail("expected keys and values of a dictionary");
  for (let index = 0; index < items.length; index += 2) {
    const key = items[index];
    if (typeof key !== "string" && typeof key !== "number") machine.cursor.fail("expected a key of text or a number");
    target.set(key, items[index + 1]);
  }
}

function append(machine: Machine, target: unknown, items: readonly unknown[]): void {
  if (!Array.isArray(target)) machine.cursor.fail("expected a list to append to");
  for (const item of items) target.push(item);
}

function pushGlobal(machine: Machine, module: unknown, name: unknown): void {
  const global = `${module}.${name}`;
  if (!machine.world.globals.has(global)) {
    machine.cursor.fail(
      `the file asks for ${global}, which no table of weights needs; a pickle that asks for more can run code, so it is not read further`,
    );
  }
  machine.stack.push(machine.world.globals.get(global));
}

/** Calls what `give` does; what it throws becomes an error with the place. */
function attempt(machine: Machine, give: () => unknown): void {
  try {
    machine.stack.push(give());
  } catch (cause) {
    machine.cursor.fail((cause as Error).message);
  }
}

function reduce(machine: Machine): void {
  const args = pop(machine);
  const called = pop(machine);
  if (typeof called !== "function" || !Array.isArray(args)) machine.cursor.fail("expected a call of a known function");
  if (++machine.containers > MOST_CONTAINERS) machine.cursor.fail(`expected at most ${MOST_CONTAINERS} objects`);
  attempt(machine, () => (called as PickleFunction)(...args));
}

/** Attributes of a dictionary, such as PyTorch's `_metadata`, say nothing of its tensors. */
function build(machine: Machine): void {
  pop(machine);
  if (!(machine.stack.at(-1) instanceof Map)) machine.cursor.fail("expected attributes of a dictionary alone");
}

function recall({ memo, stack, cursor }: Machine, index: number): void {
  if (!memo.has(index)) cursor.fail(`the pickle refers to value ${index}, which it has not made`);
  stack.push(memo.get(index));
}

function memorize(machine: Machine, index: number): void {
  const value = pop(machine);
  machine.stack.push(value);
  machine.memo.set(index, value);
}

const code = (letter: string): number => letter.charCodeAt(0);

/** Opcodes by their byte, as Python's `pickletools` names them. */
const OPERATIONS: ReadonlyMap<number, (machine: Machine) => void> = new Map<number, (machine: Machine) => void>([
  [0x80, (m) => void protocol(m)], // PROTO
  [0x95, ({ cursor }) => void cursor.take(8)], // FRAME
  [code("("), ({ marks, stack }) => void marks.push(stack.length)], // MARK
  [code("N"), ({ stack }) => void stack.push(null)], // NONE
  [0x88, ({ stack }) => void stack.push(true)], // NEWTRUE
  [0x89, ({ stack }) => void stack.push(false)], // NEWFALSE
  [code("J"), ({ stack, cursor }) => void stack.push(cursor.take(4).readInt32LE())], // BININT
  [code("K"), ({ stack, cursor }) => void stack.push(cursor.byte())], // BININT1
  [code("M"), ({ stack, cursor }) => void stack.push(cursor.take(2).readUInt16LE())], // BININT2
  [0x8a, (m) => void m.stack.push(integer(m, m.cursor.byte()))], // LONG1
  [code("G"), ({ stack, cursor }) => void stack.push(cursor.take(8).readDoubleBE())], // BINFLOAT
  [code("X"), (m) => pushText(m, m.cursor.take(4).readUInt32LE())], // BINUNICODE
  [0x8c, (m) => pushText(m, m.cursor.byte())], // SHORT_BINUNICODE
  [code("U"), (m) => pushText(m, m.cursor.byte())], // SHORT_BINSTRING
  [code("T"), (m) => pushText(m, m.cursor.take(4).readUInt32LE())], // BINSTRING
  [code(")"), (m) => pushTuple(m, 0)], // EMPTY_TUPLE
  [0x85, (m) => pushTuple(m, 1)], // TUPLE1
  [0x86, (m) => pushTuple(m, 2)], // TUPLE2
  [0x87, (m) => pushTuple(m, 3)], // TUPLE3
  [code("t"), (m) => pushContainer(m, popToMark(m))], // TUPLE
  [code("]"), (m) => pushContainer(m, [])], // EMPTY_LIST
  [code("}"), (m) => pushContainer(m, new Map())], // EMPTY_DICT
  [code("a"), (m) => appendOne(m)], // APPEND
  [code("e"), (m) => appendMany(m)], // APPENDS
  [code("s"), (m) => setItem(m)], // SETITEM
  [code("u"), (m) => setMany(m)], // SETITEMS
  [code("c"), (m) => pushGlobal(m, m.cursor.line(), m.cursor.line())], // GLOBAL
  [0x93, (m) => stackGlobal(m)], // STACK_GLOBAL
  [code("R"), reduce], // REDUCE
  [code("b"), build], // BUILD
  [code("Q"), (m) => persistent(m)], // BINPERSID
  [code("q"), (m) => memorize(m, m.cursor.byte())], // BINPUT
  [code("r"), (m) => memorize(m, m.cursor.take(4).readUInt32LE())], // LONG_BINPUT
  [0x94, (m) => memorize(m, m.memo.size)], // MEMOIZE
  [code("h"), (m) => recall(m, m.cursor.byte())], // BINGET
  [code("j"), (m) => recall(m, m.cursor.take(4).readUInt32LE())], // LONG_BINGET
]);

const STOP = code(".");

function protocol({ cursor }: Machine): void {
  const version = cursor.byte();
  if (version > HIGHEST_PROTOCOL)
    cursor.fail(`expected a pickle of protocol 2 to ${HIGHEST_PROTOCOL}, found ${version}`);
}

function appendOne(machine: Machine): void {
  const item = pop(machine);
  append(machine, machine.stack.at(-1), [item]);
}

function appendMany(machine: Machine): void {
  const items = popToMark(machine);
  append(machine, machine.stack.at(-1), items);
}

function setItem(machine: Machine): void {
  const value = pop(machine);
  const key = pop(machine);
  setItems(machine, machine.stack.at(-1), [key, value]);
}

function setMany(machine: Machine): void {
  const items = popToMark(machine);
  setItems(machine, machine.stack.at(-1), items);
}

function stackGlobal(machine: Machine): void {
  const name = pop(machine);
  pushGlobal(machine, pop(machine), name);
}

function persistent(machine: Machine): void {
  const id = pop(machine);
  attempt(machine, () => machine.world.persistent(id));
}

/**
 * Reads one pickle (protocols 2 to 5) with the opcodes that tables of tensors are written in. It is an interpreter of
 * data: it calls nothing but the functions of `world`.
 *
 * @returns dictionaries as `Map`, tuples and lists as arrays, None as null
 * @throws InvalidInputError naming the file and the byte
 */
export function unpickle(cursor: FileCursor, world: PickleWorld): unknown {
  const machine: Machine = { cursor, world, stack: [], marks: [], memo: new Map(), containers: 0 };
  for (;;) {
    const opcode = cursor.byte();
    if (opcode === STOP) return pop(machine);
    const operation = OPERATIONS.get(opcode);
    if (operation === undefined) {
      return cursor.fail(
        `expected a pickle of tensors, found the operation 0x${opcode.toString(16)}`,
        cursor.position - 1,
      );
    }
    operation(machine);
  }
}
