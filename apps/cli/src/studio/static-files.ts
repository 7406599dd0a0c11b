import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { extname, join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** Files whose names are known beforehand. */
export interface StaticFiles {
  /** Sends the file of a path such as `/assets/main.js`, `/` being `index.html`; false where there is none. */
  send(path: string, response: ServerResponse, isHead: boolean): Promise<boolean>;
}

/**
 * Lists a folder once: what is not in the list is never looked for, whatever a path says.
 *
 * @param instead content by path, sent in place of the file
 */
export async function staticFiles(folder: string, instead: ReadonlyMap<string, string>): Promise<StaticFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Map(
    entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((file) => [`/${relative(folder, file).split(sep).join("/")}`, file]),
  );
  return {
    async send(path, response, isHead) {
      const name = path === "/" ? "/index.html" : path;
      const file = files.get(name);
      if (file === undefined) return false;
      response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
      const content = instead.get(name);
      response.setHeader(
        "Content-Length",
        content === undefined ? (await stat(file)).size : Buffer.byteLength(content),
      );
      // Names of bundles hold a hash of what is in them.
      response.setHeader(
        "Cache-Control",
        path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
      );
      if (isHead) response.end();
      else if (content !== undefined) response.end(content);
      else await pipeline(createReadStream(file), response);
      return true;
    },
  };
}
