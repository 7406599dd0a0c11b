import { isIPv6 } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

/** Where a server can be reached. */
export interface OwnHosts {
  /** Names that pages may ask for beside those of the loopback, in lower case. */
  readonly allowed: readonly string[];
  /** The one to print. */
  readonly shown: string;
}

export const LOOPBACK = "127.0.0.1";
/** Addresses that stand for all of a machine's: to listen on, not to go to. */
const ALL: ReadonlySet<string> = new Set(["0.0.0.0", "::", "0:0:0:0:0:0:0:0"]);

/**
 * @param host address or name that is listened on
 * @param hostname of this machine
 */
export function ownHosts(
  host: string,
  hostname: string,
  interfaces: Readonly<Record<string, readonly Pick<NetworkInterfaceInfo, "address">[] | undefined>>,
): OwnHosts {
  if (host === LOOPBACK) return { allowed: [], shown: "localhost" };
  const addresses = Object.values(interfaces).flatMap((found) => (found ?? []).map(({ address }) => inUrl(address)));
  const names = [hostname, ...addresses, ...(ALL.has(host) ? [] : [inUrl(host)])];
  return {
    allowed: [...new Set(names.map((name) => name.toLowerCase()))],
    shown: ALL.has(host) ? "localhost" : inUrl(host),
  };
}

/** As it stands in an address, where `:` would be a port's. */
function inUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
