import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidInputError } from "@blora/spec";
import { type Environment, folderOf, hubHome } from "./environment.ts";
import { tokenForHubAlone } from "./own-token.ts";
import { proxiedFetch } from "./proxied-fetch.ts";
import { type RetryOptions, retryingFetch } from "./retrying-fetch.ts";

/** How the Hub is reached. Options that are not given come from the environment variables of Hugging Face's own tools. */
export interface HubOptions {
  /**
   * Never shown, logged or written. Default `HF_TOKEN` or `HUGGING_FACE_HUB_TOKEN`, else the content of the file that
   * `HF_TOKEN_PATH` names, else of `token` in `HF_HOME`, where `hf auth login` leaves it.
   */
  readonly token?: string;
  /** Default `HF_ENDPOINT` or `https://huggingface.co`. */
  readonly hubUrl?: string;
  /** Default one that goes through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY` names, where one does. */
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
const TOKEN_VARIABLES = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] as const;

/** @throws InvalidInputError where there is a token or an address that is none, or a file of a token that cannot be read */
export function connect(options: HubOptions): HubConnection {
  const environment = options.environment ?? process.env;
  const { retry = RETRY } = options;
  const named = options.hubUrl === undefined ? hubEndpoint(environment) : checkUrl(options.hubUrl);
  const hubUrl = named ?? "https://huggingface.co";
  const token = options.token === undefined ? hubToken(environment) : checkToken(options.token);
  const inner = options.fetch ?? proxiedFetch(environment, hubUrl);
  return { hubUrl, token, fetch: retryingFetch(tokenForHubAlone(inner, hubUrl, token), retry), retry };
}

/**
 * The address of a mirror that `HF_ENDPOINT` names, without a slash at its end; undefined where it names none.
 *
 * @throws InvalidInputError where it is no address
 */
export function hubEndpoint(environment: Environment): string | undefined {
  const named = environment.HF_ENDPOINT?.trim();
  return named ? checkUrl(named) : undefined;
}

/** What a name or a number of a host is made of, once an address is read: anything else would mean more in a page's policy. */
const HOST = /^(?:[\w.-]+|\[[\da-f:]+\])$/;

function checkUrl(hubUrl: string): string {
  const isAddress = /^https?:\/\/[^/?#@]+(?:\/[^?#]*)?$/.test(hubUrl) && URL.canParse(hubUrl);
  if (isAddress && HOST.test(new URL(hubUrl).hostname)) return hubUrl.replace(/\/+$/, "");
  throw new InvalidInputError(
    // What is before an @ may be a password, which `fetch` takes in no address.
    `HF_ENDPOINT: expected an address such as https://huggingface.co, found ${hubUrl.includes("@") ? "one with an @" : JSON.stringify(hubUrl)}.`,
  );
}

/** The user's token, where there is one. */
function hubToken(environment: Environment): string | undefined {
  for (const name of TOKEN_VARIABLES) {
    const token = environment[name]?.trim();
    if (token) return checkToken(token, name);
  }
  const path = folderOf("HF_TOKEN_PATH", environment) ?? join(hubHome(environment), "token");
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

/** The status of the answer that an error of the Hub's library is about. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { readonly statusCode?: unknown } | null | undefined)?.statusCode;
  return typeof status === "number" ? status : undefined;
}
