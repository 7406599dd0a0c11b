/** Puts the licence into every package folder, so that it is in every archive that is published. */
import { copyFileSync, readdirSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");
for (const parent of ["packages", "apps"]) {
  for (const name of readdirSync(path.join(root, parent))) {
    copyFileSync(path.join(root, "LICENSE"), path.join(root, parent, name, "LICENSE"));
  }
}
