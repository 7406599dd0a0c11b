/** Writes the comments that `blora options` shows, `docs/reference` from them, and the table of families: `npm run reference`. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../checks/command.ts";
import { FAMILIES_PAGE, withFamiliesTable } from "../families/table.ts";
import { readDocComments } from "./doc-comments.ts";

const comments = join(root, "apps/cli/src/reference/descriptions.json");
writeFileSync(comments, `${JSON.stringify(readDocComments(), null, 2)}\n`);
// Imported here: both read the comments.
const { referencePages } = await import("./pages.ts");
const { registry } = await import("../../apps/cli/src/registry.ts");
const folder = join(root, "docs/reference");
mkdirSync(folder, { recursive: true });
for (const [name, text] of referencePages(registry as never)) writeFileSync(join(folder, name), text);
const guide = join(root, FAMILIES_PAGE);
writeFileSync(guide, withFamiliesTable(readFileSync(guide, "utf8")));
