/**
 * What every archive that is published has and no folder of the repository needs: the licence, and where the
 * sources are, which npm compares with the repository that a provenance statement names.
 */
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");
const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;

for (const parent of ["packages", "apps"]) {
  for (const name of readdirSync(path.join(root, parent))) {
    const folder = path.join(root, parent, name);
    copyFileSync(path.join(root, "LICENSE"), path.join(folder, "LICENSE"));
    if (server === undefined || repository === undefined) continue;
    const file = path.join(folder, "package.json");
    const manifest = JSON.parse(readFileSync(file, "utf8"));
    manifest.repository = { type: "git", url: `git+${server}/${repository}.git`, directory: `${parent}/${name}` };
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
  }
}
