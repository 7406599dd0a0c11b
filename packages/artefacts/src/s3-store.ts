import {
  type ArtefactStore,
  BloraError,
  definePlugin,
  InvalidInputError,
  NotFoundError,
  type Plugin,
} from "@blora/spec";
import { z } from "zod";
import { checkedBody } from "./checked-body.ts";
import { requireKey } from "./keys.ts";
import { connectToS3, PATIENCE, type Patience, type S3Connection, type S3Place } from "./s3-connection.ts";
import { type ListedPage, parseListedPage, textOf } from "./s3-list.ts";

export interface S3StoreOptions {
  readonly bucket: string;
  /** In front of every key. Default none. */
  readonly prefix?: string | undefined;
  /** Address of a service that is not Amazon's, such as `http://127.0.0.1:9000`. Default `AWS_ENDPOINT_URL`. */
  readonly endpoint?: string | undefined;
  /** Default `AWS_REGION`, or us-east-1. */
  readonly region?: string | undefined;
}

const optionsSchema = z.strictObject({
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "expected the name of a bucket"),
  prefix: z.string().optional(),
  endpoint: z.string().optional(),
  region: z.string().optional(),
});

/** Bytes of one request, and of what is held in memory; a service takes 10,000 of them for one file. */
const PART_BYTES = 16 * 2 ** 20;

/**
 * Artefacts in a bucket of any service that speaks S3 and keeps to `If-None-Match: *`, which decides who is first. Keys
 * of the service come from the environment alone: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
 */
export const s3Store: Plugin<"store", "s3", S3StoreOptions, ArtefactStore> = definePlugin({
  kind: "store",
  id: "s3",
  packageName: "@blora/artefacts",
  optionsSchema,
  create: (settings) => createS3Store(settings),
});

export interface S3StoreParts {
  readonly environment?: NodeJS.ProcessEnv;
  readonly patience?: Patience;
}

/** `s3Store` with what it takes from its surroundings. */
export function createS3Store(
  { bucket, prefix = "", endpoint, region }: S3StoreOptions,
  { environment = process.env, patience = PATIENCE }: S3StoreParts = {},
): ArtefactStore {
  const place: S3Place = {
    bucket,
    prefix: prefix === "" ? "" : `${prefix.replace(/\/+$/, "")}/`,
    endpoint: endpointOf(endpoint ?? environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL),
    region: region ?? environment.AWS_REGION ?? "us-east-1",
  };
  if (place.prefix !== "") requireKey(place.prefix.slice(0, -1));
  const connection = connectToS3(place, environment, patience);
  return {
    async put(key, body, sha256) {
      requireKey(key);
      await upload(connection, key, checkedBody(body, sha256, `${connection.name}${key}`));
    },
    async *get(key) {
      requireKey(key);
      const { response } = await connection.send({ method: "GET", key, expected: [404] });
      if (response.status === 404 || response.body === null) {
        await response.body?.cancel();
        throw new NotFoundError(`${connection.name}${key}: expected a file of the store, found none.`);
      }
      yield* wholeBody(response, `${connection.name}${key}`);
    },
    async *list(start) {
      const query = { "list-type": "2", "encoding-type": "url", prefix: `${place.prefix}${start}` };
      const files: ListedPage["files"][number][] = [];
      for (let page: ListedPage | undefined; page === undefined || page.next !== undefined; ) {
        const next = page?.next === undefined ? {} : { "continuation-token": page.next };
        const { response } = await connection.send({ method: "GET", key: "", query: { ...query, ...next } });
        page = parseListedPage(await response.text(), connection.name);
        files.push(...page.files);
      }
      // Services sort names of folders where keys have a slash, each in its way.
      for (const { key, bytes } of files.sort((a, b) => (a.key < b.key ? -1 : 1))) {
        yield { key: key.slice(place.prefix.length), bytes };
      }
    },
    async putIfAbsent(key, body) {
      requireKey(key);
      const request = { method: "PUT", key, body, headers: { "if-none-match": "*" }, expected: [412] } as const;
      const { response, mayHaveBeenDone } = await connection.send(request);
      await response.body?.cancel();
      if (response.status !== 412) return true;
      // The answer to the request that did it may have been lost: what is there is ours then.
      return mayHaveBeenDone && Buffer.from(await contentOf(this.get(key))).equals(body);
    },
    async remove(key) {
      requireKey(key);
      const { response } = await connection.send({ method: "DELETE", key, expected: [404] });
      await response.body?.cancel();
    },
  };
}

/** @throws InvalidInputError for one that is no address, or holds a password, which it does not repeat */
function endpointOf(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new InvalidInputError(
      "Expected the endpoint of the store to be an address that begins with http:// or https://.",
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new InvalidInputError(
      "Expected an endpoint of the store without user and password. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** One request where it fits into a part; else several, of which nothing is there before the last one. */
async function upload(connection: S3Connection, key: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  const parts = partsOf(body)[Symbol.asyncIterator]();
  const first = await parts.next();
  const second = first.done ? first : await parts.next();
  if (second.done) {
    const { response } = await connection.send({ method: "PUT", key, body: first.value ?? new Uint8Array() });
    return await response.body?.cancel();
  }
  const { response } = await connection.send({ method: "POST", key, query: { uploads: "" } });
  const uploadId = textOf(await response.text(), "UploadId");
  if (uploadId === undefined)
    throw new BloraError(`${connection.name}${key}: expected an upload to begin, found none.`);
  try {
    const tags = [await sendPart(connection, key, uploadId, 1, first.value!)];
    for (let part: IteratorResult<Uint8Array, void> = second; !part.done; part = await parts.next()) {
      tags.push(await sendPart(connection, key, uploadId, tags.length + 1, part.value));
    }
    await complete(connection, key, uploadId, tags);
  } catch (error) {
    await connection.send({ method: "DELETE", key, query: { uploadId }, expected: [404] }).catch(() => undefined);
    throw error;
  }
}

async function sendPart(
  connection: S3Connection,
  key: string,
  uploadId: string,
  partNumber: number,
  body: Uint8Array,
): Promise<string> {
  const query = { partNumber: `${partNumber}`, uploadId };
  const { response } = await connection.send({ method: "PUT", key, query, body });
  await response.body?.cancel();
  const tag = response.headers.get("etag");
  if (tag === null) throw new BloraError(`${connection.name}${key}: expected a tag of part ${partNumber}, found none.`);
  return tag;
}

async function complete(
  connection: S3Connection,
  key: string,
  uploadId: string,
  tags: readonly string[],
): Promise<void> {
  const parts = tags.map((tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`);
  const body = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
  const { response } = await connection.send({ method: "POST", key, query: { uploadId }, body });
  // The status is sent before the parts are joined: what went wrong then is said in the body.
  const text = await response.text();
  const code = textOf(text, "Code");
  if (/<Error[\s>]/.test(text)) {
    throw new BloraError(`${connection.name}${key}: expected the upload to end, found ${code ?? "an error"}.`);
  }
}

/** The same bytes in pieces of one size; the last is what is left. */
async function* partsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    for (let rest = chunk; rest.length > 0; ) {
      const taken = rest.subarray(0, PART_BYTES - bytes);
      held.push(taken);
      bytes += taken.length;
      rest = rest.subarray(taken.length);
      if (bytes < PART_BYTES) continue;
      yield Buffer.concat(held);
      [held, bytes] = [[], 0];
    }
  }
  if (bytes > 0) yield Buffer.concat(held);
}

/** @throws BloraError where the connection breaks off before the end */
async function* wholeBody(response: Response, place: string): AsyncGenerator<Uint8Array, void> {
  const expected = response.headers.get("content-length");
  let found = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      found += chunk.length;
      yield chunk;
    }
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new BloraError(`${place}: expected ${expected ?? "more"} bytes, found ${found} and a broken connection.`, {
      cause,
    });
  }
  if (expected !== null && Number(expected) !== found) {
    throw new BloraError(`${place}: expected ${expected} bytes, found ${found}.`);
  }
}

async function contentOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
