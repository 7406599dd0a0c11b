import { sha256 } from "@blora/files";
import type { PublishedFile } from "@blora/hub";
import { InvalidInputError } from "@blora/spec";
import type { AdapterDescription } from "../description.ts";
import { textFile } from "./published-files.ts";

const PACKAGE_NAME = /^(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/;
const VERSION = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;
const LONGEST_NAME = 214;

/**
 * The files of an npm package that carries an adapter: data alone, no scripts
 * and no dependencies. `manifest.json` names the base model and the SHA-256 of
 * every other file.
 *
 * @throws InvalidInputError for a name or version npm refuses
 */
export function npmPackage(
  files: readonly PublishedFile[],
  { baseModel, baseRevision, task }: AdapterDescription,
  {
    name,
    version,
    license,
  }: { readonly name: string; readonly version: string; readonly license?: string | undefined },
): PublishedFile[] {
  if (!PACKAGE_NAME.test(name) || name.length > LONGEST_NAME) {
    throw new InvalidInputError(
      `Expected the name of an npm package, such as @org/name, found ${JSON.stringify(name)}.`,
    );
  }
  if (!VERSION.test(version)) {
    throw new InvalidInputError(`Expected a version such as 1.0.0, found ${JSON.stringify(version)}.`);
  }
  const manifest = {
    baseModel,
    baseRevision: baseRevision ?? null,
    files: Object.fromEntries(files.map(({ path, bytes }) => [path, { bytes: bytes.length, sha256: sha256(bytes) }])),
  };
  const all = [...files, textFile("manifest.json", `${JSON.stringify(manifest, null, 2)}\n`)];
  const names = all.map(({ path }) => path);
  const packageJson = {
    name,
    version,
    description: `Low-rank adapter of ${baseModel} for ${task}`,
    ...(license !== undefined && { license }),
    keywords: ["lora", "b-lora", "adapter"],
    exports: Object.fromEntries(["package.json", ...names].map((path) => [`./${path}`, `./${path}`])),
    files: names,
  };
  return [textFile("package.json", `${JSON.stringify(packageJson, null, 2)}\n`), ...all];
}
