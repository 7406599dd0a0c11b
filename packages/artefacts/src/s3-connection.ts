import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { BloraError, InvalidInputError } from "@blora/spec";
import { AwsClient } from "aws4fetch";

/** Where a store of a service is, without secrets. */
export interface S3Place {
  readonly bucket: string;
  /** In front of every key: empty, or ending in `/`. */
  readonly prefix: string;
  /** Undefined for Amazon's own. */
  readonly endpoint: string | undefined;
  readonly region: string;
}

export interface Patience {
  /** Requests made at most, the first included. */
  readonly attempts: number;
  /** Before the second; doubles from then on, up to the longest. */
  readonly firstWaitMilliseconds: number;
  readonly longestWaitMilliseconds: number;
}

/** A little over two minutes, in which a server may be started again. */
export const PATIENCE: Patience = { attempts: 13, firstWaitMilliseconds: 200, longestWaitMilliseconds: 20_000 };

export interface S3Request {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Without the prefix; empty for the bucket. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Statuses that are an answer and no error, beside those of success. */
  readonly expected?: readonly number[];
}

export interface S3Connection {
  /** As errors name it. */
  readonly name: string;
  /** @returns the answer, and whether an earlier request may have been done though its answer did not come */
  send(request: S3Request): Promise<{ readonly response: Response; readonly mayHaveBeenDone: boolean }>;
}

/** Answers that a later request may get otherwise; 409 is that of two writers at one moment. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 409, 425, 429, 500, 502, 503, 504]);
/** A service refuses a signature of another time than a quarter of an hour around its own. */
const LARGEST_SKEW_MILLISECONDS = 300_000;

export function connectToS3(place: S3Place, environment: NodeJS.ProcessEnv, patience: Patience): S3Connection {
  const { bucket, prefix, region, endpoint } = place;
  const name = `s3://${bucket}/${prefix}`;
  const base = endpoint === undefined ? `https://${bucket}.s3.${region}.amazonaws.com` : `${endpoint}/${bucket}`;
  const client = new AwsClient({ ...credentials(environment, name), service: "s3", region, retries: 0 });
  let skew = 0;
  return {
    name,
    async send({ method, key, query = {}, headers = {}, body, expected = [] }) {
      const path = key === "" ? "" : `${prefix}${key}`;
      const url = `${base}/${path}${key === "" || Object.keys(query).length > 0 ? `?${new URLSearchParams(query)}` : ""}`;
      const bytes = typeof body === "string" ? new TextEncoder().encode(body) : (body ?? new Uint8Array());
      const signed = { ...headers, ...digestsOf(bytes, body !== undefined) };
      let mayHaveBeenDone = false;
      for (let attempt = 1; ; attempt++) {
        const isLast = attempt >= patience.attempts;
        let problem: string;
        try {
          const init = {
            method,
            headers: signed,
            ...(body !== undefined && { body: bytes as Uint8Array<ArrayBuffer> }),
          };
          const response = await client.fetch(url, { ...init, aws: { datetime: signingTime(skew) } });
          if (response.ok || expected.includes(response.status)) return { response, mayHaveBeenDone };
          problem = await problemOf(response);
          const found = response.status === 403 ? skewOf(response) : skew;
          if (Math.abs(found - skew) > LARGEST_SKEW_MILLISECONDS) {
            skew = found;
            continue;
          }
          if (!TRANSIENT.has(response.status)) throw refusal(`${name}${key}`, method, problem);
          mayHaveBeenDone ||= response.status >= 500;
        } catch (cause) {
          if (BloraError.isInstance(cause)) throw cause;
          problem = reasonOf(cause);
          mayHaveBeenDone = true;
        }
        if (isLast)
          throw new BloraError(`${name}${key}: expected an answer to ${method}, found ${problem}, ${attempt} times.`);
        await sleep(Math.min(patience.longestWaitMilliseconds, patience.firstWaitMilliseconds * 2 ** (attempt - 1)));
      }
    },
  };
}

/** Milliseconds that the clock of the service is ahead of this machine's. */
function skewOf(response: Response): number {
  const date = Date.parse(response.headers.get("date") ?? "");
  return Number.isNaN(date) ? 0 : date - Date.now();
}

/** As signatures write it: `20261129T123456Z`. */
function signingTime(skew: number): string {
  return new Date(Date.now() + skew).toISOString().replaceAll(/[:-]|\.\d{3}/g, "");
}

/** The service compares what arrives with these, so that nothing shorter or other is kept. */
function digestsOf(bytes: Uint8Array, hasBody: boolean): Readonly<Record<string, string>> {
  const sha256 = { "x-amz-content-sha256": createHash("sha256").update(bytes).digest("hex") };
  return hasBody ? { ...sha256, "content-md5": createHash("md5").update(bytes).digest("base64") } : sha256;
}

function credentials(
  { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN }: NodeJS.ProcessEnv,
  name: string,
): { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string } {
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new InvalidInputError(
      `${name}: expected the keys of the service in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, found none.`,
    );
  }
  const keys = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  return AWS_SESSION_TOKEN ? { ...keys, sessionToken: AWS_SESSION_TOKEN } : keys;
}

function refusal(place: string, method: string, problem: string): InvalidInputError {
  return new InvalidInputError(`${place}: expected the service to do ${method}, found ${problem}.`);
}

async function problemOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => "");
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
  return `status ${response.status}${code === undefined ? "" : ` (${code})`}`;
}

/** `fetch` says what went wrong in the cause of its error. */
function reasonOf(error: unknown): string {
  const { cause, name } = error as { readonly cause?: { readonly code?: string }; readonly name?: string };
  return cause?.code ?? (name === "TimeoutError" ? "none in time" : "a broken connection");
}
