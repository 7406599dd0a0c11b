import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "./command.ts";

/** The facts of a package.json that checks look at. */
export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: unknown;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface PublishedPackage {
  readonly folder: string;
  readonly manifest: PackageManifest;
}

/** Every workspace package that goes to the registry. */
export function publishedPackages(): PublishedPackage[] {
  return ["packages", "apps"]
    .flatMap((parent) => readdirSync(path.join(root, parent)).map((name) => path.join(root, parent, name)))
    .map((folder) => ({ folder, manifest: readManifest(folder) }))
    .filter(({ manifest }) => manifest.private !== true);
}

function readManifest(folder: string): PackageManifest {
  return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as PackageManifest;
}
