import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MissingDependencyError } from "@blora/spec";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildNativeBackend } from "../src/native/build-native-backend.ts";
import { findTensorflow } from "../src/native/tensorflow-wheel.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-native-"));
  const wheel = join(folder, "site-packages/tensorflow");
  await mkdir(join(wheel, "include/tensorflow/c/eager"), { recursive: true });
  for (const file of ["include/tensorflow/c/eager/c_api.h", "libtensorflow_cc.so.2", "libtensorflow_framework.so.2"]) {
    await writeFile(join(wheel, file), "");
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("TensorFlow is found in its folder and in the site-packages around it", async () => {
  const wheel = join(folder, "site-packages/tensorflow");
  expect(await findTensorflow(wheel)).toBe(wheel);
  expect(await findTensorflow(join(folder, "site-packages"))).toBe(wheel);
});

test.runIf(process.platform === "linux")("a folder without TensorFlow is refused with what it lacks", async () => {
  const building = buildNativeBackend({
    package: "tfjs-node",
    tensorflow: folder,
    projectFolder: join(folder, "project"),
  });
  await expect(building).rejects.toThrow(MissingDependencyError);
  await expect(building).rejects.toThrow(/libtensorflow_cc\.so\.2.*pip install/);
});
