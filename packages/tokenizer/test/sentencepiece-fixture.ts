import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

const KINDS = { normal: 1, unknown: 2, control: 3, "user-defined": 4, byte: 6 } as const;

export interface ModelFixture {
  readonly pieces: readonly (readonly [text: string, score: number, kind?: keyof typeof KINDS])[];
  readonly modelType?: number;
  readonly byteFallback?: boolean;
  readonly removeExtraWhitespaces?: boolean;
  /** Rules of the character map. */
  readonly rules?: Readonly<Record<string, string>>;
}

/** Writes the bytes of a SentencePiece model. */
export function sentencePieceModel(fixture: ModelFixture): Uint8Array {
  const writer = new BinaryWriter();
  for (const [text, score, kind = "normal"] of fixture.pieces) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(text);
    writer.tag(2, WireType.Bit32).float(score);
    writer.tag(3, WireType.Varint).int32(KINDS[kind]).join();
  }
  writer.tag(2, WireType.LengthDelimited).fork();
  writer.tag(3, WireType.Varint).int32(fixture.modelType ?? 1);
  writer
    .tag(35, WireType.Varint)
    .bool(fixture.byteFallback ?? false)
    .join();
  writer.tag(3, WireType.LengthDelimited).fork();
  if (fixture.rules !== undefined) writer.tag(2, WireType.LengthDelimited).bytes(charsmap(fixture.rules));
  writer
    .tag(4, WireType.Varint)
    .bool(fixture.removeExtraWhitespaces ?? true)
    .join();
  return writer.finish();
}

interface Node {
  readonly children: Map<number, Node>;
  value: number | undefined;
}

/** Compiles rules to a `precompiled_charsmap`: each node's children start at the next free multiple of 256. */
export function charsmap(rules: Readonly<Record<string, string>>): Uint8Array {
  const root: Node = { children: new Map(), value: undefined };
  let strings = "";
  for (const [from, to] of Object.entries(rules)) {
    let node = root;
    for (const byte of Buffer.from(from, "utf8")) {
      const child = node.children.get(byte) ?? { children: new Map(), value: undefined };
      node.children.set(byte, child);
      node = child;
    }
    node.value = Buffer.byteLength(strings);
    strings += `${to}\0`;
  }
  const units: number[] = [0];
  let nextBlock = 256;
  const place = (node: Node, at: number): void => {
    const base = nextBlock;
    nextBlock += 256;
    // A shifted offset is a multiple of 256: block numbers are relative by exclusive or, the low byte is that of `at`.
    const blockOffset = (base ^ at) >>> 8;
    units[at] = (units[at] ?? 0) | (blockOffset << 10) | 0x200 | (node.value === undefined ? 0 : 0x100);
    const origin = at ^ (blockOffset << 8);
    if (node.value !== undefined) units[origin] = (node.value | 0x80000000) >>> 0;
    for (const [byte, child] of node.children) {
      units[origin ^ byte] = byte;
      place(child, origin ^ byte);
    }
  };
  place(root, 0);
  const trie = Buffer.alloc(4 * nextBlock);
  for (const [index, unit] of units.entries()) trie.writeUInt32LE((unit ?? 0) >>> 0, 4 * index);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(trie.length);
  return Buffer.concat([length, trie, Buffer.from(strings, "utf8")]);
}
