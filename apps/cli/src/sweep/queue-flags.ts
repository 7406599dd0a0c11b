import { isQueueAddress } from "@blora/jobs-bullmq";
import { UsageError } from "../exit.ts";

/** Flags that say something of a queue. */
const QUEUE_FLAGS = ["queue", "store", "watch", "cancel"] as const;

type QueueFlags = { readonly [Name in (typeof QUEUE_FLAGS)[number]]?: unknown } & { readonly on?: string };

/** @throws UsageError for a flag of a queue where none is named: `--cancel` alone would start the runs here */
export function requireQueue(flags: QueueFlags): void {
  const { on = "local" } = flags;
  if (isQueueAddress(on)) return;
  const flag = QUEUE_FLAGS.find((name) => flags[name] !== undefined);
  if (flag === undefined) return;
  const found = on === "local" ? "none" : `--on ${on}`;
  throw new UsageError(`--${flag}: expected a queue, --on redis://host or --on rediss://host, found ${found}.`);
}
