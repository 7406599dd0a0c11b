import { once } from "node:events";
import { existsSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { hubEndpoint } from "@blora/hub";
import { InvalidInputError } from "@blora/spec";
import { STUDIO_PAGE } from "@blora/studio";
import type { Command } from "commander";
import { LOOPBACK, ownHosts } from "../studio/own-hosts.ts";
import { createStudioServer } from "../studio/server.ts";
import { port } from "./number-flags.ts";

interface StudioFlags {
  readonly runs: readonly string[];
  readonly port: number;
  readonly host: string;
}

/** Where runs and results of sweeps lie unless asked otherwise. */
const FOLDERS: readonly string[] = ["runs", "results"];

export function addStudioCommand(program: Command): void {
  program
    .command("studio")
    .description("serve a page that fine-tunes in a browser tab, and shows every run, finished or going on")
    .option("--runs <folders...>", "folders that are searched for runs and results of sweeps", [...FOLDERS])
    .option("--port <number>", "port to listen on; 0 for any that is free", port, 4321)
    .option(
      "--host <address>",
      "address to listen on; anything but this machine's own shows your runs to others",
      LOOPBACK,
    )
    .action(async ({ runs, port, host }: StudioFlags) => {
      const { allowed, shown } = ownHosts(host, hostname(), networkInterfaces());
      const server = await createStudioServer({
        page: STUDIO_PAGE,
        folders: runs,
        hosts: allowed,
        hub: hubEndpoint(process.env),
      });
      const taken = await listen(server, port, host);
      process.stdout.write(`http://${shown}:${taken}/\n`);
      const found = runs.filter((folder) => existsSync(folder));
      const what = found.length === 0 ? `No runs yet in ${runs.join(" and ")}.` : `Runs of ${found.join(" and ")}.`;
      process.stderr.write(`${what} Ctrl-C ends it.\n`);
      await once(server, "close");
    });
}

/** The port that was taken. */
async function listen(server: Server, port: number, host: string): Promise<number> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") throw cause;
    throw new InvalidInputError(
      `Expected a free port, found ${port} in use. Name another one: --port 0 takes any that is free.`,
      { cause },
    );
  }
  return (server.address() as AddressInfo).port;
}
