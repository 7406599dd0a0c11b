import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { InvalidInputError } from "@blora/spec";
import { describe, expect, test } from "vitest";
import { readSafetensorsHeader, readTensorValues } from "../src/index.ts";
import { convertPytorchFile } from "../src/pytorch/convert-pytorch-file.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";

const folder = useTemporaryFolder();
const fixture = (path: string): string => fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url));

/** Name, type, shape and bytes of every tensor. */
function contentOf(path: string): Record<string, unknown> {
  const header = readSafetensorsHeader(path);
  return Object.fromEntries(
    [...header.tensors.values()].map(({ name, type, shape }) => [
      name,
      { type, shape, values: readTensorValues(header, name) },
    ]),
  );
}

const refusal = async (path: string): Promise<string> => {
  const error = await convertPytorchFile(path, folder.at("out")).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(InvalidInputError);
  expect(existsSync(folder.at("out"))).toBe(false);
  return (error as Error).message.replaceAll(path, "FILE");
};

/** The refusal of a file in the old format whose object is this pickle. */
function refusalOf(...parts: readonly (string | readonly number[])[]): Promise<string> {
  const header = [
    Buffer.from([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]),
    Buffer.from([0x80, 2, 0x4d, 0xe9, 3, 0x2e]),
    Buffer.from("\x80\x02}X\x0d\x00\x00\x00little_endian\x88s.", "latin1"),
  ];
  const pickle = parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part)));
  const path = folder.at("evil.bin");
  writeFileSync(path, Buffer.concat([...header, ...pickle]));
  return refusal(path);
}

describe("files of torch.save", () => {
  test.each(["deberta-v3", "deberta-v3-legacy"])("%s holds the checkpoint it was made from", async (name) => {
    await convertPytorchFile(fixture(`pytorch/${name}.bin`), folder.at("out"));
    expect(contentOf(folder.at("out"))).toEqual(contentOf(fixture("deberta-v2/v3/model.safetensors")));
  });

  test.each(["views", "views-legacy"])(
    "%s: every type, strides and shared storages as PyTorch sees them",
    async (name) => {
      await convertPytorchFile(fixture(`pytorch/${name}.bin`), folder.at("out"));
      expect(contentOf(folder.at("out"))).toEqual(contentOf(fixture("pytorch/views.safetensors")));
    },
  );

  test("a dictionary of pairs, as Python 2 wrote it, keeps them", async () => {
    const pairs = "\x80\x02ccollections\nOrderedDict\n]]X\x01\x00\x00\x00xaK\x01aa\x85R.";
    expect(await refusalOf(pairs)).toBe('FILE: expected a state dict of tensors alone, found something else as "x".');
  });

  test("the same file gives the same bytes", async () => {
    for (const out of ["a", "b"]) await convertPytorchFile(fixture("pytorch/views.bin"), folder.at(out));
    expect(readFileSync(folder.at("a")).equals(readFileSync(folder.at("b")))).toBe(true);
  });
});

describe("what a state dict does not need is refused by name and place, and nothing is written", () => {
  test("a whole module", async () => {
    expect(await refusal(fixture("pytorch/whole-module.bin"))).toMatch(
      /^FILE, byte \d+: the file asks for torch\.nn\.modules\.linear\.Linear, which no table of weights needs; a pickle that asks for more can run code, so it is not read further$/,
    );
  });

  test("code to run, however it is asked for", async () => {
    const asked = /the file asks for (\S+), which/;
    expect((await refusalOf("\x80\x02cposix\nsystem\n(X\x02\x00\x00\x00lstR.")).match(asked)?.[1]).toBe("posix.system");
    const stacked = await refusalOf("\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.");
    expect(stacked.match(asked)?.[1]).toBe("builtins.eval");
    const nested = await refusalOf("\x80\x02ctorch.storage\n_load_from_bytes\nX\x01\x00\x00\x00x\x85R.");
    expect(nested.match(asked)?.[1]).toBe("torch.storage._load_from_bytes");
    expect(await refusalOf("\x80\x02ctorch\n__proto__\n)R.")).toMatch(/asks for torch\.__proto__/);
    expect(await refusalOf("\x80\x02c__proto__\nconstructor\n)R.")).toMatch(/asks for __proto__\.constructor/);
  });

  test("operations of other pickles", async () => {
    expect(await refusalOf("\x80\x02ios\nsystem\n.")).toBe(
      "FILE, byte 47: expected a pickle of tensors, found the operation 0x69",
    );
  });

  test.each<[string, string, RegExp]>([
    ["a list", "\x80\x02].", /expected a state dict, a dictionary of named tensors\.$/],
    ["something else among the tensors", "\x80\x02}X\x05\x00\x00\x00epochK\x03s.", /something else as "epoch"\.$/],
    ["a stack that is empty", "\x80\x02R.", /byte \d+: the pickle takes a value from an empty stack$/],
    ["a run that nothing begins", "\x80\x02u.", /byte \d+: the pickle ends a run of values that nothing begins$/],
    ["a value that was never kept", "\x80\x02h\x05.", /byte \d+: the pickle refers to value 5, which it has not made$/],
    ["a later protocol", "\x80\x06.", /expected a pickle of protocol 2 to 5, found 6$/],
    ["text longer than the file", "\x80\x02X\xff\xff\xff\x7f.", /cut short: expected 2147483647 more bytes, found 1$/],
    ["a call of what is no function", "\x80\x02K\x01)R.", /expected a call of a known function$/],
    [
      "a tensor without its storage",
      "\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.",
      /storage, offset, shape and str/,
    ],
    [
      "an unknown storage",
      "\x80\x02(X\x07\x00\x00\x00storageX\x01\x00\x00\x00atQ.",
      /expected a reference to a storage/,
    ],
  ])("%s", async (_, pickle, expected) => {
    expect(await refusalOf(pickle)).toMatch(expected);
  });

  test("a tensor beyond its storage, and one far larger than the file", async () => {
    const tensor = (length: string, shape: string, strides: string): string =>
      "\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n" +
      `X\x01\x00\x00\x000X\x03\x00\x00\x00cpu${length}tQK\x00${shape}\x85${strides}\x85tRs.`;
    const storages = "\x80\x02]X\x01\x00\x00\x000a.";
    const values = "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80?";
    expect(await refusalOf(tensor("K\x01", "K\x02", "K\x01"), storages, values)).toMatch(
      /expected a tensor inside its storage of 1 values, found \[2\]$/,
    );
    expect(await refusalOf(tensor("K\x01", "J\xff\xff\xff\x7f", "K\x00"), storages, values)).toBe(
      "FILE: expected at most 1049284 bytes of tensors in a file of 177, found 8589934588.",
    );
    expect(await refusalOf(tensor("K\x02", "K\x01", "K\x01"), storages, values)).toBe(
      'FILE: expected 8 bytes of values for tensor "w", found 4 bytes.',
    );
  });

  test("a zip file that points far beyond any file is an error, not the end of the process", async () => {
    const locator = Buffer.from("PK\x06\x07\0\0\0\0\0\0\0\0\0\0\x20\0\x01\0\0\0", "latin1");
    locator.writeBigUInt64LE(2n ** 53n + 16n, 8);
    const end = Buffer.from(`PK\x05\x06${"\0".repeat(4)}${"\xff".repeat(12)}\0\0`, "latin1");
    writeFileSync(folder.at("far"), Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), locator, end]));
    expect(await refusal(folder.at("far"))).toBe(
      "FILE: expected a zip file of PyTorch. It points to byte 9007199254741008, which no file has.",
    );
  });

  test("files that are none of PyTorch's", async () => {
    for (const [name, content] of Object.entries({ empty: "", text: "hello", zip: "PK\x03\x04rest" })) {
      writeFileSync(folder.at(name), content);
      expect(await refusal(folder.at(name)), name).toMatch(
        /^FILE: expected a (file that torch\.save wrote|zip file of)/,
      );
    }
  });
});
