import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { adapterSizes, writeAdapter } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { method, SITES, tinyAdapter } from "./tiny-adapter.ts";

test("sizes are those of the files, and of the low-rank matrices in them", async () => {
  const folder = join(temporaryFolder(), "adapter");
  await writeAdapter(folder, method, SITES, tinyAdapter());
  const { matrices, files } = adapterSizes(folder)!;
  // Ranks 3 and 1: A [R, 12] and B [8, R].
  expect(matrices.float32).toBe(4 * 4 * (12 + 8));
  expect(matrices.float16).toBe(matrices.float32 / 2);
  // Components of 8, 4 and 2 bits, and one of 8; a scale for each row of A and column of B.
  expect(matrices.packed).toBe(((8 + 4 + 2 + 8) * (12 + 8)) / 8 + 8 * 4);
  expect(files.packed).toBe(statSync(join(folder, "blora_model.safetensors")).size);
  expect(files.float32).toBe(statSync(join(folder, "adapter_model.safetensors")).size);
  expect(files.float32 - files.float16).toBe((matrices.float32 + 4 * (16 + 2)) / 2);
});
