import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hubCache, hubHome, isOffline } from "../src/environment.ts";

describe("folders of Hugging Face's tools", () => {
  test.each([
    [{ HF_HOME: "~/x" }, "/me/x"],
    [{ HF_HOME: "~" }, "/me"],
    [{ HF_HOME: "$HOME/x" }, "/me/x"],
    [{ HF_HOME: "$" + "{HOME}/$USER", USER: "i" }, "/me/i"],
    [{ HF_HOME: "/data/$NOWHERE/~" }, "/data/$NOWHERE/~"],
    [{ HF_HOME: " /data/x\n" }, "/data/x"],
    [{ XDG_CACHE_HOME: "~/c" }, "/me/c/huggingface"],
    [{ HF_HOME: "", XDG_CACHE_HOME: "" }, "/me/.cache/huggingface"],
  ])("are read as the tools read them from %j", (environment, home) => {
    expect(hubHome({ HOME: "/me", ...environment })).toBe(home);
  });

  test("keep downloads in HF_HUB_CACHE, its older name, or hub of HF_HOME", () => {
    expect(hubCache({ HOME: "/me", HF_HUB_CACHE: "$HOME/a", HF_HOME: "/b" })).toBe("/me/a");
    expect(hubCache({ HOME: "/me", HF_HUB_CACHE: "", HUGGINGFACE_HUB_CACHE: "~/a" })).toBe("/me/a");
    expect(hubCache({ HF_HUB_CACHE: "", HF_HOME: "/b" })).toBe("/b/hub");
    expect(hubCache({})).toBe(join(homedir(), ".cache", "huggingface", "hub"));
  });

  test.each([
    [{ HF_HUB_OFFLINE: "1" }, true],
    [{ TRANSFORMERS_OFFLINE: "TRUE" }, true],
    [{ HF_HUB_OFFLINE: "0", TRANSFORMERS_OFFLINE: "" }, false],
  ])("are all there is with %j: %s", (environment, offline) => {
    expect(isOffline(environment)).toBe(offline);
  });
});
