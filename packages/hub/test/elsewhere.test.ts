import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resolveModel } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const TOKEN = "hf_secret";
const COMMIT = "c".repeat(40);

type Answer = (path: string, request: IncomingMessage, response: ServerResponse) => void;
let servers: Server[];
/** What another server than the Hub was asked, and with which token. */
let elsewhere: { readonly path: string; readonly token: string | undefined }[];

beforeEach(() => {
  servers = [];
  elsewhere = [];
});
afterEach(() => Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve)))));

async function serve(answer: Answer): Promise<string> {
  const server = createServer((request, response) => answer(request.url!, request, response));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const json = (response: ServerResponse, value: unknown): void => {
  response.setHeader("Content-Type", "application/json").end(JSON.stringify(value));
};
const file = (path: string) => ({ type: "file", path, size: 2, oid: "a".repeat(40) });

/** Resolves a model of a Hub that leads to another server: with the next page of its list, or with a file. */
async function resolveFrom(leads: "list" | "file"): Promise<void> {
  const other = await serve((path, { headers }, response) => {
    elsewhere.push({ path, token: headers.authorization });
    json(response, path.includes("next") ? [file("model.safetensors")] : {});
  });
  const hubUrl = await serve((path, _request, response) => {
    if (path.includes("/revision/")) return json(response, { _id: "1", id: "org/tiny", sha: COMMIT });
    if (!path.includes("/tree/")) return void response.writeHead(302, { Location: `${other}/file` }).end();
    if (leads === "list") response.setHeader("Link", `<${other}/next>; rel="next"`);
    json(response, [file("config.json"), file("model.safetensors")]);
  });
  const retry = { attempts: 1, firstWaitMilliseconds: 1 };
  await resolveModel("org/tiny", { hubUrl, token: TOKEN, cacheFolder: temporaryFolder(), retry }).catch(
    () => undefined,
  );
}

test.each(["list", "file"] as const)("a Hub whose %s leads elsewhere is followed without the token", async (leads) => {
  await resolveFrom(leads);
  expect(elsewhere.some(({ path }) => path.includes(leads === "list" ? "next" : "file"))).toBe(true);
  expect(elsewhere.map(({ token }) => token)).toEqual(elsewhere.map(() => undefined));
});
