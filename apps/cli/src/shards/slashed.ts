import { sep } from "node:path";

/** A relative path as every system writes it, so that machines of several know the same file by it. */
export function slashed(path: string, separator: string = sep): string {
  return path.split(separator).join("/");
}
