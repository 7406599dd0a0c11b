import childProcess from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { sep } from "node:path";

/** Says what was tried that no parser may do, since it was last asked. */
export type Traps = () => string | undefined;

type AnyFunction = (...parameters: unknown[]) => unknown;

/** Functions by the number of their arguments that are paths. */
const WRITERS: Readonly<Record<string, number>> = {
  writeFileSync: 1,
  appendFileSync: 1,
  mkdirSync: 1,
  rmSync: 1,
  unlinkSync: 1,
  truncateSync: 1,
  renameSync: 2,
};
const STARTERS = ["spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync", "fork"];

/**
 * From now on no process is started, nothing is connected to, and nothing is written outside `folder`. Texts of inputs
 * that are run as code set `globalThis.executed`, which is looked at as well.
 */
export function setTraps(folder: string): Traps {
  let caught: string | undefined;
  const forbid = (what: string): never => {
    caught = what;
    throw new Error(`a parser tried to ${what}`);
  };
  const replace = (owner: object, name: string, wrap: (original: AnyFunction) => AnyFunction): void => {
    const functions = owner as Record<string, AnyFunction>;
    functions[name] = wrap(functions[name]!);
  };
  for (const name of STARTERS) replace(childProcess, name, () => () => forbid("start a process"));
  replace(net.Socket.prototype, "connect", () => () => forbid("connect"));
  const requireInside = (path: unknown): void => {
    if (typeof path === "string" && !path.startsWith(folder + sep)) forbid(`write ${path}`);
  };
  for (const [name, paths] of Object.entries(WRITERS)) {
    for (const owner of name.endsWith("Sync") ? [fs] : []) {
      replace(owner, name, (original) => (...parameters: unknown[]) => {
        for (const path of parameters.slice(0, paths)) requireInside(path);
        return original(...parameters);
      });
    }
    replace(fs.promises, name.slice(0, -"Sync".length), (original) => async (...parameters: unknown[]) => {
      for (const path of parameters.slice(0, paths)) requireInside(path);
      return original(...parameters);
    });
  }
  replace(fs, "openSync", (original) => (path: unknown, flags: unknown = "r", ...rest: unknown[]) => {
    if (flags !== "r") requireInside(path);
    return original(path, flags, ...rest);
  });
  syncBuiltinESMExports();
  return () => {
    if ("executed" in globalThis) forbidden("run code of the input");
    const found = caught;
    caught = undefined;
    delete (globalThis as { executed?: unknown }).executed;
    return found;
  };

  function forbidden(what: string): void {
    caught = what;
  }
}
