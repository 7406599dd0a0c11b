/**
 * A block the size of an activation is mapped when it is allocated and
 * returned to the system when it is freed, so every step would have the same
 * pages mapped and zeroed again. With these settings glibc keeps them for the
 * next step, in one heap that all threads share. Read once, as a process
 * starts; other C libraries ignore it.
 */
const KEEP_FREED_MEMORY = [
  "glibc.malloc.mmap_max=0",
  "glibc.malloc.trim_threshold=1099511627776",
  "glibc.malloc.arena_max=1",
].join(":");

/** Environment of a process that computes. Tunables the user has set stay as they are. */
export function trainingEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  if (process.platform !== "linux") return environment;
  return { GLIBC_TUNABLES: KEEP_FREED_MEMORY, ...environment };
}
