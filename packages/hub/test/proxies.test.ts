import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { publishToHub, resolveAdapter } from "../src/index.ts";
import { type HubStandIn, startHub } from "./hub-stand-in.ts";
import { published } from "./published.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const TOKEN = "hf_aToken";
let hub: HubStandIn;
let proxy: Server;
let proxyUrl: string;
/** Hosts that the proxy was asked to connect to, and what it was told of who asks. */
let connected: (string | undefined)[];

beforeEach(async () => {
  hub = await startHub(TOKEN);
  connected = [];
  proxy = createServer().on("connect", ({ url, headers }, socket, head) => {
    connected.push(url, headers["proxy-authorization"]);
    // Whatever host is named, the stand-in answers.
    const there = connect(Number(new URL(hub.url).port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      there.write(head);
      there.pipe(socket).pipe(there);
    });
    there.on("error", () => socket.destroy());
    socket.on("error", () => there.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterEach(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await hub.close();
});

const download = (environment: Record<string, string>, hubUrl = "http://hub.invalid"): Promise<string> =>
  resolveAdapter("me/adapter", {
    environment: { HF_ENDPOINT: hubUrl, HF_HOME: temporaryFolder(), HF_TOKEN: TOKEN, ...environment },
    retry: { attempts: 1, firstWaitMilliseconds: 0 },
  });

describe("a proxy", () => {
  test.each(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])("that %s names is gone through", async (name) => {
    await publishToHub(published(), { repository: "me/adapter", token: TOKEN, hubUrl: hub.url });
    await download({ [name]: proxyUrl });
    expect(new Set(connected)).toEqual(new Set(["hub.invalid:80", undefined]));
  });

  test.each(["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"])("for https is that of %s", async (name) => {
    // The stand-in speaks no TLS: what counts is who is asked for whom.
    await expect(download({ [name]: proxyUrl }, "https://hub.invalid")).rejects.toThrow(/through the proxy of/);
    expect(connected).toEqual(["hub.invalid:443", undefined]);
  });

  test("takes a name and password, and a host without a scheme", async () => {
    await publishToHub(published(), {
      repository: "me/adapter",
      environment: {
        HF_ENDPOINT: "http://hub.invalid",
        HF_TOKEN: TOKEN,
        HTTP_PROXY: proxyUrl.replace("http://", "me:secret@"),
      },
    });
    expect(hub.committed.size).toBe(5);
    expect(connected[1]).toBe(`Basic ${Buffer.from("me:secret").toString("base64")}`);
  });

  test.each(["127.0.0.1", "*", "other.org, 127.0.0.1"])(
    "is gone around for the hosts of NO_PROXY=%s",
    async (hosts) => {
      await publishToHub(published(), { repository: "me/adapter", token: TOKEN, hubUrl: hub.url });
      await download({ HTTP_PROXY: proxyUrl, no_proxy: hosts }, hub.url);
      expect(connected).toEqual([]);
    },
  );

  test("of another kind is refused, and its password not shown", async () => {
    const refused = download({ ALL_PROXY: "socks5://me:secret@host:1080" });
    await expect(refused).rejects.toThrow("ALL_PROXY: expected a proxy such as http://host:3128, found one of socks5.");
  });

  test("that is not there is named", async () => {
    await expect(download({ HTTP_PROXY: "http://127.0.0.1:1" })).rejects.toThrow(
      /ECONNREFUSED.*\(through the proxy of HTTP_PROXY\)/,
    );
  });
});
