import { rm } from "node:fs/promises";
import { join } from "node:path";
import { LOCK_FILE } from "@blora/files";
import { testJobEngine } from "@blora/testing";
import { localJobs } from "../src/index.ts";
import { ATTEMPTS, open } from "./local-entry.ts";

testJobEngine(localJobs({ folder: "leases" }), {
  open,
  entry: new URL("./local-entry.ts", import.meta.url),
  execArgv: ["--import", "tsx", "-C", "@blora/source"],
  attempts: ATTEMPTS,
  wipe: (folder) => rm(join(folder, "leases"), { recursive: true, force: true }),
  // What another machine does after a minute in which it saw no sign of life.
  expire: (folder, id) => rm(join(folder, "leases", id, LOCK_FILE)),
});
