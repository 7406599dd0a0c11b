import { definePlugin, type Method, type NoOptions, noOptions, type Plugin } from "@blora/spec";

/** Sites are left as they are: nothing to train, nothing to price, nothing to export. */
const untouched: Method = {
  init: () => ({ layout: {}, parameters: {} }),
  apply: (_adapter, x, base) => base.apply(x),
  usage: (site) => ({ site, matmuls: [] }),
  baselineUsage: (site) => ({ site, matmuls: [] }),
  summary: () => ({ rank: 0, bits: {} }),
  export: () => undefined,
};

/** The task head alone, on frozen features: what adapters must beat. */
export const head: Plugin<"method", "head", NoOptions, Method> = definePlugin({
  kind: "method",
  id: "head",
  packageName: "@blora/lora",
  optionsSchema: noOptions,
  create: (): Method => ({ ...untouched }),
});

/** Full fine-tuning: every tensor of the checkpoint and the head, in place. */
export const full: Plugin<"method", "full", NoOptions, Method> = definePlugin({
  kind: "method",
  id: "full",
  packageName: "@blora/lora",
  optionsSchema: noOptions,
  create: (): Method => ({ ...untouched, trainsBase: true }),
});
