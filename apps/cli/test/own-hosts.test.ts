import { expect, test } from "vitest";
import { ownHosts } from "../src/studio/own-hosts.ts";

test.each([
  ["127.0.0.1", [], "localhost"],
  // What is printed can be gone to: no browser finds a page at 0.0.0.0 that it is let into.
  ["0.0.0.0", ["mybox", "192.168.0.7", "[fe80::1]"], "localhost"],
  ["::", ["mybox", "192.168.0.7", "[fe80::1]"], "localhost"],
  ["MyBox.lan", ["mybox", "192.168.0.7", "[fe80::1]", "mybox.lan"], "MyBox.lan"],
  ["fe80::1", ["mybox", "192.168.0.7", "[fe80::1]"], "[fe80::1]"],
])("listening on %s it answers to %j, and prints %s", (host, allowed, shown) => {
  const interfaces = { eth0: [{ address: "192.168.0.7" }, { address: "fe80::1" }], none: undefined };
  expect(ownHosts(host, "MyBox", interfaces)).toEqual({ allowed, shown });
});
