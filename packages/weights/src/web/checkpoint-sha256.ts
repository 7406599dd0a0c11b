import type { Checkpoint } from "../checkpoint.ts";
import { sha256InMemory } from "../files-in-memory.ts";

/** What `checkpointSha256` is in Node, of a checkpoint in memory. */
export async function checkpointSha256(checkpoint: Checkpoint): Promise<string> {
  return sha256InMemory(checkpoint);
}
