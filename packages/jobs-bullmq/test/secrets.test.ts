import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasProgram } from "../../../internal/servers/process.ts";
import { HAS_QUEUE_SERVER, type QueueServer, startQueueServer } from "../../../internal/servers/queue-server.ts";
import { openBullmq } from "../src/index.ts";

const PASSWORD = "hidden/pass:word@";
const SCRIPT = fileURLToPath(new URL("./submit-child.ts", import.meta.url));

describe.skipIf(!HAS_QUEUE_SERVER)("a server with a password", () => {
  let server: QueueServer;
  beforeAll(async () => {
    server = await startQueueServer({ password: PASSWORD });
  });
  afterAll(() => server.kill());

  test.each([
    ["none", "redis://127.0.0.1"],
    ["another", "redis://:hidden-too@127.0.0.1"],
  ])("refuses who has %s in one sentence without any", async (_, address) => {
    const engine = openBullmq(`${address}:${server.port}`);
    const error = await engine.submit([]).catch((reason: Error) => reason);
    await engine.close();
    expect(`${error}`).toMatch(
      /^BloraError: redis:\/\/127\.0\.0\.1:\d+: expected a server of Valkey or Redis, found: (NOAUTH|WRONGPASS) /,
    );
    expect(`${error}`).toContain("The password may be in the address or in BLORA_QUEUE_PASSWORD.");
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("hidden");
  });
});

describe.skipIf(!HAS_QUEUE_SERVER || !hasProgram("openssl"))("an encrypted connection", () => {
  let folder: string;
  let server: QueueServer;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "blora-tls-"));
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "certificate.pem")];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject, ...files], {
      stdio: "pipe",
    });
    server = await startQueueServer({ password: PASSWORD, certificates: folder });
  });
  afterAll(async () => {
    await server.kill();
    rmSync(folder, { recursive: true });
  });
  const submit = (environment: NodeJS.ProcessEnv) =>
    spawnSync(
      process.execPath,
      ["--import", "tsx", "-C", "@blora/source", SCRIPT, `rediss://localhost:${server.port}`],
      {
        env: { ...process.env, NODE_OPTIONS: "", BLORA_QUEUE_PASSWORD: PASSWORD, ...environment },
        encoding: "utf8",
      },
    );

  test("is made with an authority that is known, and the password of the environment", () => {
    const { stdout, stderr } = submit({ NODE_EXTRA_CA_CERTS: join(folder, "certificate.pem") });
    expect(stdout.trim(), stderr).toBe("queued");
  });

  test("is not made with one that is not", () => {
    const { stdout, stderr } = submit({ NODE_EXTRA_CA_CERTS: "" });
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /rediss:\/\/localhost:\d+: expected a server of Valkey or Redis, found: DEPTH_ZERO_SELF_SIGNED_CERT/,
    );
    expect(stderr).not.toContain("hidden");
  });
});
