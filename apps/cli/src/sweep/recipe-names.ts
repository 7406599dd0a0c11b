import { resolve } from "node:path";

/**
 * What recipe files are called in tables, by file: their names without the ending, and where several share one, as much of
 * the path before it as tells them apart.
 */
export function recipeNames(files: readonly string[]): ReadonlyMap<string, string> {
  const paths = new Map(files.map((file) => [file, partsOf(file)]));
  const distinct = [...new Map([...paths.values()].map((parts) => [parts.join("/"), parts])).values()];
  const named = (parts: readonly string[]): string => {
    const isAlone = (end: string): boolean => distinct.filter((other) => endOf(other, end)).length === 1;
    const ends = parts.map((_, index) => parts.slice(-1 - index).join("/"));
    return ends.find(isAlone) ?? parts.join("/");
  };
  return new Map([...paths].map(([file, parts]) => [file, named(parts)]));
}

const endOf = (parts: readonly string[], end: string): boolean => `/${parts.join("/")}`.endsWith(`/${end}`);

function partsOf(file: string): readonly string[] {
  return resolve(file)
    .replace(/\.[cm]?[jt]s$/, "")
    .split(/[/\\]/)
    .filter((part) => part !== "");
}
