import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { adapterSizes, writeAdapter } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { method, SITES, tinyAdapter } from "./tiny-adapter.ts";

test("sizes are those of the files, and of the low-rank matrices in them", async () => {
  const folder = join(temporaryFolder(), "adapter");
  await writeAdapter(folder, method, SITES, tinyAdapter());
  const { matrices, files } = adapterSizes(folder);
  // Ranks 3 and 1: A [R, 12] and B [8, R].
  expect(matrices.float32).toBe(4 * 4 * (12 + 8));
  expect(matrices.float16).toBe(matrices.float32 / 2);
  // A in 4 bits, E in 8, B in 2; 6 scales and 6 ranges.
  expect(matrices.packed).toBe(18 + 3 + 6 + 6 + 1 + 2 + 12 * 4);
  expect(files.packed).toBe(statSync(join(folder, "blora_model.safetensors")).size);
  expect(files.float32).toBe(statSync(join(folder, "adapter_model.safetensors")).size);
  expect(files.float32 - files.float16).toBe((matrices.float32 + 4 * (16 + 2)) / 2);
});
