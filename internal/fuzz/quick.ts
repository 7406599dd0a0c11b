import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import vm from "node:vm";

type AnyFunction = (...parameters: unknown[]) => unknown;

const PROMISED = [
  ...["access", "copyFile", "link", "lstat", "mkdir", "readdir", "readFile"],
  ...["realpath", "rename", "rm", "stat", "unlink", "writeFile"],
];

/**
 * From now on files are read and written at once, and scripts share one context: the inputs lie in memory, where threads
 * and contexts take longer than the parsers do.
 */
export function beQuick(): void {
  const promises = fs.promises as unknown as Record<string, AnyFunction>;
  const sync = fs as unknown as Record<string, AnyFunction>;
  for (const name of PROMISED) promises[name] = async (...parameters) => sync[`${name}Sync`]!(...parameters);
  const { open } = fs.promises;
  Object.assign(fs.promises, {
    open: async (path: string, flags?: string, mode?: number) =>
      flags === "r" ? handleOf(fs.openSync(path, flags)) : open(path, flags, mode),
  });
  const soon =
    (act: AnyFunction) =>
    (...parameters: unknown[]): void => {
      const done = parameters.pop() as (error: unknown, ...results: unknown[]) => void;
      try {
        // What reads into a buffer gives it back as well.
        process.nextTick(done, null, act(...parameters), parameters[1]);
      } catch (error) {
        process.nextTick(done, error);
      }
    };
  const { createReadStream } = fs;
  const read = soon(fs.readSync as AnyFunction);
  const calls = { open: soon(fs.openSync as AnyFunction), read, close: soon(fs.closeSync as AnyFunction) };
  Object.assign(fs, {
    read,
    createReadStream: (path: string, options: object) => createReadStream(path, { ...options, fs: calls as never }),
  });
  shareContext();
  syncBuiltinESMExports();
}

/** What readers ask of an open file. */
function handleOf(descriptor: number): object {
  return {
    fd: descriptor,
    readFile: async (options: BufferEncoding) => fs.readFileSync(descriptor, options),
    stat: async () => fs.fstatSync(descriptor),
    sync: async () => fs.fsyncSync(descriptor),
    close: async () => fs.closeSync(descriptor),
    read: async (buffer: Uint8Array, offset: number, length: number, position: number) => ({
      bytesRead: fs.readSync(descriptor, buffer, offset, length, position),
      buffer,
    }),
  };
}

/** What the scripts are given is called for as long as they run, and belongs to one of them at a time. */
function shareContext(): void {
  const shared = vm.createContext({});
  const { runInContext } = vm.Script.prototype;
  vm.createContext = (sandbox = {}) => sandbox as vm.Context;
  vm.Script.prototype.runInContext = function (sandbox, options) {
    const context = vm.isContext(sandbox) ? sandbox : Object.assign(shared, sandbox);
    return runInContext.call(this, context, options);
  };
}
