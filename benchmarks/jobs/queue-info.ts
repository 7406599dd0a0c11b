import type { Redis } from "ioredis";

/** What a server says of itself. */
export interface QueueInfo {
  readonly version: string;
  readonly usedBytes: number;
  readonly peakBytes: number;
  /** Of its processor, since it was started. */
  readonly processorSeconds: number;
  /** Since it was started. */
  readonly commands: number;
}

export async function queueInfo(redis: Redis): Promise<QueueInfo> {
  const text = await redis.info();
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(text)?.[1] ?? "";
  return {
    version: field("valkey_version") === "" ? `Redis ${field("redis_version")}` : `Valkey ${field("valkey_version")}`,
    usedBytes: Number(field("used_memory")),
    peakBytes: Number(field("used_memory_peak")),
    processorSeconds: Number(field("used_cpu_user")) + Number(field("used_cpu_sys")),
    commands: Number(field("total_commands_processed")),
  };
}
