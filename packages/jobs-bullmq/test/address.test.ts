import { describe, expect, test } from "vitest";
import { bullmq, createBullmq, isQueueAddress, openBullmq, parseQueueAddress } from "../src/index.ts";

describe("an address", () => {
  test.each([
    ["redis://host", { host: "host", port: 6379, tls: false, database: 0 }, {}],
    ["valkey://host:1/2", { host: "host", port: 1, tls: false, database: 2 }, {}],
    [
      "rediss://user:p%40ss@[::1]/",
      { host: "::1", port: 6379, tls: true, database: 0 },
      { username: "user", password: "p@ss" },
    ],
    ["valkeys://:p@host", { host: "host", port: 6379, tls: true, database: 0 }, { password: "p" }],
  ])("%s is taken apart", (address, place, access) => {
    expect(isQueueAddress(address)).toBe(true);
    expect(parseQueueAddress(address, {})).toEqual({ place, access });
  });

  test("leaves user and password to the environment, and goes before it", () => {
    const environment = { BLORA_QUEUE_USERNAME: "u", BLORA_QUEUE_PASSWORD: "p" };
    expect(parseQueueAddress("redis://host", environment).access).toEqual({ username: "u", password: "p" });
    expect(parseQueueAddress("redis://a:b@host", environment).access).toEqual({ username: "a", password: "b" });
  });

  test.each([
    "redis://:hidden@",
    "http://:hidden@host",
    "redis://:hidden@host/name",
    "redis://:hidden@host?tls=1",
    "host:6379",
  ])("%s is refused without being repeated", (address) => {
    expect(() => parseQueueAddress(address, {})).toThrow(/^Expected an address such as redis:\/\/host, or rediss:/);
    expect(() => parseQueueAddress(address, {})).not.toThrow(/hidden/);
  });
});

describe("a server that does not have us", () => {
  test("is named without its password", async () => {
    const engine = openBullmq("redis://:hidden-password@127.0.0.1:1");
    const error = await engine.submit([]).catch((reason: Error) => reason);
    await engine.close();
    expect(`${error}`).toBe(
      "BloraError: redis://127.0.0.1:1: expected a server of Valkey or Redis, found: ECONNREFUSED.",
    );
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("hidden");
  });
});

test("options that cannot be are refused, and defaults go without saying", () => {
  expect(() => bullmq({ port: 0 })).toThrow(/Options of jobs "bullmq".*port/s);
  expect(() => bullmq({ queue: "a b" })).toThrow(/queue/);
  expect(JSON.stringify(bullmq())).toBe('{"$plugin":"jobs/bullmq"}');
  expect(Object.keys(createBullmq({ host: "h" })).sort()).toEqual(["cancel", "close", "events", "submit", "work"]);
});
