/** Writes the comments that `blora options` shows, and `docs/reference` from them: `npm run reference`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../checks/command.ts";
import { readDocComments } from "./doc-comments.ts";

const comments = join(root, "apps/cli/src/reference/descriptions.json");
writeFileSync(comments, `${JSON.stringify(readDocComments(), null, 2)}\n`);
// Imported here: both read the comments.
const { referencePages } = await import("./pages.ts");
const { registry } = await import("../../apps/cli/src/registry.ts");
const folder = join(root, "docs/reference");
mkdirSync(folder, { recursive: true });
for (const [name, text] of referencePages(registry as never)) writeFileSync(join(folder, name), text);
