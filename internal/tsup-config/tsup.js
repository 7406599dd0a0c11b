/** Plain JavaScript: Node 20 loads it from node_modules without a build. */
export function packageBuild(overrides = {}) {
  return {
    entry: ["src/index.ts"],
    format: "esm",
    target: "node20",
    dts: true,
    clean: true,
    sourcemap: true,
    silent: true,
    ...overrides,
  };
}
