/**
 * How a file names a network's paths. An adapter of the bare encoder or decoder lacks the first part of each path
 * (`encoder.layer.0…` for `bert.encoder.layer.0…`), one of a network inside another has a part more.
 *
 * @param inFile modules the file's matrices belong to
 * @param paths of the network
 * @returns from a path of the network to the file's name of it
 */
export function placeNames(inFile: Iterable<string>, paths: ReadonlySet<string>): (path: string) => string {
  const same = (path: string): string => path;
  const modules = [...inFile];
  if (modules.some((module) => paths.has(module))) return same;
  const fewer = new Set([...paths].map(firstPart));
  for (const part of fewer) {
    if (modules.some((module) => paths.has(`${part}.${module}`))) {
      return (path) => (path.startsWith(`${part}.`) ? path.slice(part.length + 1) : path);
    }
  }
  const outer = modules.find((module) => paths.has(module.slice(firstPart(module).length + 1)));
  return outer === undefined ? same : (path) => `${firstPart(outer)}.${path}`;
}

function firstPart(path: string): string {
  return path.split(".", 1)[0]!;
}
