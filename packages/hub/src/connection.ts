import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { InvalidInputError } from "@blora/spec";
import { type RetryOptions, retryingFetch } from "./retrying-fetch.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** How the Hub is reached. Options that are not given come from the environment variables of Hugging Face's own tools. */
export interface HubOptions {
  /**
   * Never shown, logged or written. Default `HF_TOKEN`, else the content of the file that `HF_TOKEN_PATH` names, else of
   * `token` in `HF_HOME`, where `hf auth login` leaves it.
   */
  readonly token?: string;
  /** Default `HF_ENDPOINT` or `https://huggingface.co`. */
  readonly hubUrl?: string;
  readonly fetch?: typeof fetch;
  /** Default 5 attempts; the wait before the second is a second. */
  readonly retry?: RetryOptions;
  readonly environment?: Environment;
}

/** What every request to the Hub needs. */
export interface HubConnection {
  readonly hubUrl: string;
  readonly token: string | undefined;
  readonly fetch: typeof fetch;
  readonly retry: RetryOptions;
}

const RETRY: RetryOptions = { attempts: 5, firstWaitMilliseconds: 1000 };

/** @throws InvalidInputError where there is a token that is none, or a file of it that cannot be read */
export function connect(options: HubOptions): HubConnection {
  const environment = options.environment ?? process.env;
  const { retry = RETRY } = options;
  return {
    hubUrl: (options.hubUrl ?? (environment.HF_ENDPOINT || "https://huggingface.co")).replace(/\/+$/, ""),
    token: options.token === undefined ? hubToken(environment) : checkToken(options.token),
    fetch: retryingFetch(options.fetch ?? fetch, retry),
    retry,
  };
}

/** Folder of Hugging Face's tools: `HF_HOME`, or `huggingface` in the user's cache. */
export function hubHome({ HF_HOME, XDG_CACHE_HOME }: Environment): string {
  return HF_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface");
}

/** The user's token, where there is one. */
function hubToken(environment: Environment): string | undefined {
  const { HF_TOKEN, HF_TOKEN_PATH } = environment;
  if (HF_TOKEN?.trim()) return checkToken(HF_TOKEN.trim(), "HF_TOKEN");
  const path = HF_TOKEN_PATH || join(hubHome(environment), "token");
  try {
    const token = readFileSync(path, "utf8").trim();
    return token === "" ? undefined : checkToken(token, path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (InvalidInputError.isInstance(error)) throw error;
    throw new InvalidInputError(`${path}: expected a file with a token of the Hub: ${message}`, { cause: error });
  }
}

/** The token is not shown: it is a secret even where it is mistyped. */
function checkToken(token: string, origin?: string): string {
  if (token.startsWith("hf_")) return token;
  throw new InvalidInputError(
    `${origin === undefined ? "Expected" : `${origin}: expected`} a token that starts with "hf_".`,
  );
}
