import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkHubTarget, type HubTarget, type PublishedFile, publishToHub } from "../src/index.ts";
import { type HubStandIn, startHub } from "./hub-stand-in.ts";
import { published } from "./published.ts";

const TOKEN = "hf_verySecretToken";
const FILES: readonly PublishedFile[] = published();

describe("publishing to the Hub", () => {
  let hub: HubStandIn;
  beforeEach(async () => {
    hub = await startHub(TOKEN);
  });
  afterEach(() => hub.close());

  const waits: number[] = [];
  const target = (change: Partial<HubTarget> = {}): HubTarget => ({
    repository: "me/adapter",
    token: TOKEN,
    hubUrl: hub.url,
    retry: { attempts: 3, firstWaitMilliseconds: 10, wait: async (milliseconds) => void waits.push(milliseconds) },
    ...change,
  });
  const count = (part: string): number => hub.requests.filter((request) => request.includes(part)).length;

  test("commits every byte", async () => {
    const all = FILES;
    expect(await publishToHub(all, target())).toContain("/me/adapter/commit/");
    expect([...hub.committed.keys()].sort()).toEqual(all.map(({ path }) => path).sort());
    for (const { path, bytes } of all) expect(hub.committed.get(path)!.equals(bytes), path).toBe(true);
  });

  test("goes on where the repository exists", async () => {
    await publishToHub(FILES, target());
    await publishToHub(FILES, target());
    expect(count("/api/repos/create")).toBe(2);
  });

  test("leaves a card that somebody wrote, says so, and replaces one of its own", async () => {
    const card = { path: "README.md", bytes: new TextEncoder().encode("new, by us"), mark: "by us" };
    const files = [card, ...FILES.filter(({ path }) => path !== "README.md")];
    const notes: string[] = [];
    const publish = () => publishToHub(files, target({ onNote: (note) => void notes.push(note) }));
    await publish();
    hub.committed.set("README.md", Buffer.from("old, by us"));
    await publish();
    expect([String(hub.committed.get("README.md")), notes]).toEqual(["new, by us", []]);
    hub.committed.set("README.md", Buffer.from("a long one"));
    hub.committed.delete("blora_model.safetensors");
    await publish();
    expect(String(hub.committed.get("README.md"))).toBe("a long one");
    expect(hub.committed.has("blora_model.safetensors")).toBe(true);
    expect(notes).toEqual(["me/adapter has a README.md of its own, which stays as it is."]);
  });

  test.each([
    [401, /does not know this token/],
    [403, /does not let this token write to me\/adapter/],
  ])("says what to do about %i, asks once, and sends nothing", async (status, message) => {
    hub.faults.set("/api/repos/create", [status]);
    await expect(publishToHub(FILES, target())).rejects.toThrow(message);
    expect([count("/api/repos/create"), count("PUT"), count("/commit/")]).toEqual([1, 0, 0]);
  });

  test.each([401, 403])("commits to a repository that is there where the token may make none (%i)", async (status) => {
    await publishToHub(FILES, target());
    hub.committed.clear();
    hub.faults.set("/api/repos/create", [status]);
    await publishToHub(FILES, target());
    expect(hub.committed.size).toBe(FILES.length);
    hub.faults.set("/commit/", [403]);
    await expect(publishToHub(FILES, target())).rejects.toThrow(/does not let this token write to me\/adapter/);
  });

  test("reports a conflict of commits", async () => {
    hub.faults.set("/commit/", [409]);
    await expect(publishToHub(FILES, target())).rejects.toThrow(/answered 409 .*nothing was committed/);
    expect(count("/commit/")).toBe(1);
  });

  test.each([429, 500, 503, "cut"] as const)("asks again after %s", async (fault) => {
    hub.faults.set("/preupload/", [fault]);
    hub.faults.set("/objects/", [fault]);
    hub.faults.set("/commit/", [fault, fault]);
    await publishToHub(FILES, target());
    expect(hub.committed.size).toBe(5);
  });

  test("gives up after a bounded number of attempts, and nothing is committed", async () => {
    hub.faults.set("/commit/", Array<number>(50).fill(500));
    await expect(publishToHub(FILES, target())).rejects.toThrow(/answered 500/);
    expect(count("/commit/")).toBe(3);
    expect(hub.committed.size).toBe(0);
  });

  test("does not send again what an interrupted attempt stored", async () => {
    hub.faults.set("/commit/", ["cut", "cut", "cut"]);
    await expect(publishToHub(FILES, target())).rejects.toThrow(/could not be reached/);
    expect(hub.objects.size).toBe(2);
    const sent = count("PUT /objects/");
    await publishToHub(FILES, target());
    expect(count("PUT /objects/")).toBe(sent);
    expect(hub.committed.size).toBe(5);
  });

  test("never shows the token, even where the server echoes it", async () => {
    hub.faults.set("/commit/", [418]);
    const error = await publishToHub(FILES, target()).catch((failure: Error) => failure);
    expect(String((error as Error).stack)).not.toContain(TOKEN);
    expect(String((error as Error).message)).toContain("(token)");
    expect(JSON.stringify(error)).not.toContain(TOKEN);
    await expect(publishToHub(FILES, target({ token: "secret" }))).rejects.toThrow(
      'Expected a token that starts with "hf_".',
    );
  });

  test.each(["adapter", "../x/y", "me/a--b", "me/a b"])("refuses the repository %s", async (repository) => {
    await expect(publishToHub(FILES, target({ repository }))).rejects.toThrow(
      /Expected a repository such as org\/name/,
    );
    expect(hub.requests).toEqual([]);
  });

  test("can be checked before there are files, and asks nobody", () => {
    const unknown = { repository: "me/a", environment: { HF_HOME: "/absent" } };
    expect(() => checkHubTarget(unknown, true)).not.toThrow();
    expect(() => checkHubTarget(target(), false)).not.toThrow();
    expect(() => checkHubTarget(target({ repository: "adapter" }), true)).toThrow(
      /Expected a repository such as org\/name/,
    );
    expect(() => checkHubTarget(unknown, false)).toThrow(/found none/);
    expect(() => checkHubTarget(target({ environment: { HF_HUB_OFFLINE: "1" } }), false)).toThrow(
      "Cannot publish me/adapter: offline mode forbids it.",
    );
    expect(hub.requests).toEqual([]);
  });

  test("makes a new repository private where asked for", async () => {
    await publishToHub(FILES, target({ isPrivate: true }));
    expect(hub.visibilities).toEqual(["private"]);
    await publishToHub(FILES, target());
    expect(hub.visibilities).toEqual(["private", undefined]);
  });
});
