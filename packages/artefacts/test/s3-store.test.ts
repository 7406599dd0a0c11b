import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testArtefactStore } from "@blora/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUCKET, HAS_S3_SERVER, type S3Server, startS3Server } from "../../../internal/servers/s3-server.ts";
import { createS3Store, openStore, type Patience, s3Store } from "../src/index.ts";

const QUICK: Patience = { attempts: 3, firstWaitMilliseconds: 1, longestWaitMilliseconds: 2 };
const KEYS = { AWS_ACCESS_KEY_ID: "tests", AWS_SECRET_ACCESS_KEY: "not-to-be-seen" };

describe.skipIf(!HAS_S3_SERVER)("a service", () => {
  let folder: string;
  let server: S3Server;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "blora-s3-"));
    server = await startS3Server(folder);
  });
  afterAll(async () => {
    await server.kill();
    rmSync(folder, { recursive: true });
  });
  const openAt = (prefix: string) =>
    createS3Store({ bucket: BUCKET, prefix }, { environment: server.environment, patience: QUICK });

  // Larger than two parts, so that a file is uploaded in three.
  testArtefactStore(() => openAt("laws/of/stores"), { largeBytes: 2 ** 25 + 1 });

  test("a list goes on over pages of a thousand", async () => {
    const store = openAt("pages");
    const keys = Array.from({ length: 1003 }, (_, index) => `page/${String(index).padStart(4, "0")}`);
    for (let start = 0; start < keys.length; start += 50) {
      await Promise.all(keys.slice(start, start + 50).map((key) => store.putIfAbsent(key, Buffer.from("x"))));
    }
    const found: string[] = [];
    for await (const { key } of store.list("page/")) found.push(key);
    expect(found).toEqual(keys);
  });

  test("another secret is refused in one sentence without it", async () => {
    const environment = { ...server.environment, AWS_SECRET_ACCESS_KEY: "not-to-be-seen" };
    const store = createS3Store({ bucket: BUCKET }, { environment, patience: QUICK });
    const error = await store.putIfAbsent("a", Buffer.from("x")).catch((reason: Error) => reason);
    expect(`${error}`).toBe(
      `InvalidInputError: s3://${BUCKET}/a: expected the service to do PUT, found status 403 (SignatureDoesNotMatch).`,
    );
  });
});

describe("a service that answers as it likes", () => {
  let server: Server;
  let answers: ((body: string) => { status: number; headers?: Record<string, string>; body?: string } | "cut")[] = [];
  let dates: string[] = [];
  let environment: Record<string, string>;
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        dates.push(String(request.headers["x-amz-date"]));
        const answer = answers.shift()!(body);
        if (answer === "cut") return void request.socket.destroy();
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    environment = { ...KEYS, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` };
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  const open = () => createS3Store({ bucket: "bucket", prefix: "p" }, { environment, patience: QUICK });

  test("is asked again where it is busy or the connection is cut, a bounded number of times", async () => {
    answers = [() => ({ status: 503 }), () => "cut", () => ({ status: 200 })];
    expect(await open().putIfAbsent("k", Buffer.from("x"))).toBe(true);
    answers = [
      () => ({ status: 503 }),
      () => ({ status: 500 }),
      () => ({ status: 503, body: "<Code>SlowDown</Code>" }),
    ];
    await expect(open().putIfAbsent("k", Buffer.from("x"))).rejects.toThrow(
      "s3://bucket/p/k: expected an answer to PUT, found status 503 (SlowDown), 3 times.",
    );
    expect(answers).toEqual([]);
  });

  test("who was first and lost the answer is first; who came second after a lost request is not", async () => {
    answers = [() => "cut", () => ({ status: 412 }), () => ({ status: 200, body: "mine" })];
    expect(await open().putIfAbsent("k", Buffer.from("mine"))).toBe(true);
    answers = [() => "cut", () => ({ status: 412 }), () => ({ status: 200, body: "of another" })];
    expect(await open().putIfAbsent("k", Buffer.from("mine"))).toBe(false);
    answers = [() => ({ status: 412 })];
    expect(await open().putIfAbsent("k", Buffer.from("mine"))).toBe(false);
    expect(answers).toEqual([]);
  });

  test("is asked again with its own time where the clock of this machine is wrong", async () => {
    const date = new Date(Date.now() + 3_600_000);
    dates = [];
    answers = [() => ({ status: 403, headers: { date: date.toUTCString() } }), () => ({ status: 200 })];
    expect(await open().putIfAbsent("k", Buffer.from("x"))).toBe(true);
    const [wrong, right] = dates.map((text) =>
      Date.parse(text.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5")),
    );
    expect(Math.round((right! - wrong!) / 60_000)).toBe(60);
  });

  test("a download that ends early is an error, not a short file", async () => {
    answers = [() => ({ status: 200, headers: { "content-length": "10", connection: "close" }, body: "short" })];
    const read = async () => {
      for await (const _ of open().get("k"));
    };
    await expect(read()).rejects.toThrow(/^s3:\/\/bucket\/p\/k: expected 10 bytes, found 5/);
  });

  test("an answer that is no list is refused", async () => {
    answers = [() => ({ status: 200, body: "<html></html>" })];
    await expect(open().list("")[Symbol.asyncIterator]().next()).rejects.toThrow(
      "s3://bucket/p/: expected a list of files from the service",
    );
  });
});

describe("an address", () => {
  test("names a folder or a bucket", () => {
    expect(JSON.stringify(openStore("file:/mnt/shared"))).toBe(
      '{"$plugin":"store/file","options":{"folder":"/mnt/shared"}}',
    );
    expect(JSON.stringify(openStore("file:///mnt/shared"))).toBe(JSON.stringify(openStore("file:/mnt/shared")));
    expect(JSON.stringify(openStore("file:shared"))).toBe('{"$plugin":"store/file","options":{"folder":"shared"}}');
  });

  test.each([
    "s3://user:hidden-password@host/x",
    "redis://:hidden-password@host",
    "file:",
    "file://host/x",
    "s3:",
    "/mnt",
  ])("%s is refused without being repeated", (address) => {
    expect(() => openStore(address)).toThrow(
      /^Expected a store such as file:\/mnt\/shared\/blora or s3:\/\/bucket\/prefix/,
    );
    expect(() => openStore(address)).not.toThrow(/hidden/);
  });

  test("of an endpoint with a password is refused without repeating it", () => {
    const environment = { ...KEYS, AWS_ENDPOINT_URL: "http://user:hidden@127.0.0.1" };
    const open = () => createS3Store({ bucket: "bucket" }, { environment });
    expect(open).toThrow("Expected an endpoint of the store without user and password");
    expect(open).not.toThrow(/hidden/);
  });

  test("keys of the service are asked for by the names of their variables", () => {
    expect(() => createS3Store({ bucket: "bucket" }, { environment: {} })).toThrow(
      "s3://bucket/: expected the keys of the service in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, found none.",
    );
  });

  describe("manifests hold no secret", () => {
    beforeAll(() => Object.assign(process.env, KEYS));
    afterAll(() => {
      for (const name of Object.keys(KEYS)) delete process.env[name];
    });
    test("but bucket and prefix", () => {
      expect(JSON.stringify(openStore("s3://bucket/a/b"))).toBe(
        '{"$plugin":"store/s3","options":{"bucket":"bucket","prefix":"a/b"}}',
      );
      expect(JSON.stringify(s3Store({ bucket: "bucket" }).completeManifest)).not.toContain("not-to-be-seen");
    });
  });
});
