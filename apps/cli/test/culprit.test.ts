import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { describeFailure } from "../src/exit.ts";

const root = mkdtempSync(join(tmpdir(), "blora-culprit-"));
const manifests = {
  "node_modules/@blora/trainer": { name: "@blora/trainer", peerDependencies: { "@blora/spec": "^0.1.0" } },
  "node_modules/@acme/gate": { name: "@acme/gate", peerDependencies: { "@blora/spec": "^0.1.0" } },
  "node_modules/@acme/method": { name: "@acme/method", dependencies: { "@blora/spec": "^0.1.0" } },
  "node_modules/tfjs": { name: "tfjs", dependencies: { seedrandom: "^3.0.5" } },
  checkout: { name: "@blora/engine-onnx" },
  project: { name: "my-project" },
};
for (const [folder, manifest] of Object.entries(manifests)) {
  const path = join(root, folder, "package.json");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(manifest));
}
const OURS = "this is a bug. ";
const plugin = (name: string) => `this is a fault in ${name}, a plugin. `;

test.each([
  [OURS, ["node_modules/@blora/trainer/dist/index.js", "project/config.ts"]],
  [OURS, ["checkout/dist/index.js"]],
  [
    OURS,
    ["node_modules/tfjs/index.js", "node_modules/@blora/trainer/dist/index.js", "node_modules/@acme/gate/index.js"],
  ],
  [OURS, ["node_modules/tfjs/index.js"]],
  ["", ["checkout/recipes/mine.ts", "checkout/dist/index.js"]],
  [plugin("@acme/gate"), ["node_modules/@acme/gate/dist/sub/index.js", "node_modules/@blora/trainer/dist/index.js"]],
  [plugin("@acme/method"), ["node_modules/tfjs/index.js", "node_modules/@acme/method/index.js", "project/config.ts"]],
  ["", ["project/config.ts", "node_modules/@blora/trainer/dist/index.js"]],
  ["", ["node_modules/tfjs/index.js", "project/dist/plugin.js", "node_modules/@blora/trainer/dist/index.js"]],
  ["", ["without-a-package.mjs"]],
])("a failure says %j of a stack of %j", (whose, files) => {
  for (const place of [(file: string) => join(root, file), (file: string) => pathToFileURL(join(root, file)).href]) {
    const error = new TypeError("x is not a function");
    const frames = files.map((file) => `    at f (${place(file)}:3:14)`);
    error.stack = [
      "TypeError: x is not a function",
      "    at Array.map (<anonymous>)",
      "    at node:fs:1:2",
      ...frames,
    ].join("\n");
    expect(describeFailure(error)).toEqual({ status: 1, message: `blora: ${whose}${error.stack}` });
  }
});
