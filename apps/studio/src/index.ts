import { fileURLToPath } from "node:url";

export type { LiveRun, RunEntry, RunList, SweepResults } from "./api.ts";

/** Folder of the built page: static files, `index.html` first. */
export const STUDIO_PAGE: string = fileURLToPath(new URL("../dist/page", import.meta.url));
