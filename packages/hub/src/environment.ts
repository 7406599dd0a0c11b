import { homedir } from "node:os";
import { join } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The path in a variable as Hugging Face's tools read it: `~` is the user's folder, and `$NAME` and `${NAME}` are
 * variables, which stay as they are where they are not set. Undefined where it is not set or empty.
 */
export function folderOf(name: string, environment: Environment): string | undefined {
  const path = environment[name]?.trim();
  if (!path) return undefined;
  return path
    .replace(/^~(?=$|[/\\])/, () => environment.HOME || homedir())
    .replace(/\$(?:(\w+)|\{([^}]*)\})/g, (whole, plain, braced) => environment[plain ?? braced] ?? whole);
}

/** Folder of Hugging Face's tools: `HF_HOME`, or `huggingface` in the user's cache. */
export function hubHome(environment: Environment): string {
  const cache = folderOf("XDG_CACHE_HOME", environment) ?? join(environment.HOME || homedir(), ".cache");
  return folderOf("HF_HOME", environment) ?? join(cache, "huggingface");
}

/** Where downloaded repositories are kept. */
export function hubCache(environment: Environment): string {
  const named = folderOf("HF_HUB_CACHE", environment) ?? folderOf("HUGGINGFACE_HUB_CACHE", environment);
  return named ?? join(hubHome(environment), "hub");
}

const isOn = (value: string | undefined): boolean => /^(?:1|true|yes|on)$/i.test(value?.trim() ?? "");

/** Whether the network is not to be used. */
export function isOffline({ HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE }: Environment): boolean {
  return isOn(HF_HUB_OFFLINE) || isOn(TRANSFORMERS_OFFLINE);
}
