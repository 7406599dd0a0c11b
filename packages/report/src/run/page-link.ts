import path from "node:path";

/**
 * Address of a page in another folder, as a link from a page in the first. Names are encoded: `#` and `?` would end the
 * path, and `%` be read as a letter's number.
 *
 * @param system of the paths, default this machine's
 */
export function pageLink(from: string, to: string, page: string, system: typeof path.posix = path): string {
  return [...system.relative(from, to).split(system.sep), page].map(encodeURIComponent).join("/");
}
