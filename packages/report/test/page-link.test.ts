import { posix, win32 } from "node:path";
import { expect, test } from "vitest";
import { pageLink } from "../src/run/page-link.ts";

test.each([
  [posix, "runs/one", "runs/two", "../two/report.html"],
  [posix, "/a/one", "/a/50% off#1? ü", "../50%25%20off%231%3F%20%C3%BC/report.html"],
  [posix, "a", "a/deep\\er", "deep%5Cer/report.html"],
  [win32, "C:\\runs\\one", "C:\\runs\\seed #2", "../seed%20%232/report.html"],
  [win32, "runs/one", "runs\\deep\\two", "../deep/two/report.html"],
])("a page links another run's by an address that leads there", (system, from, to, link) => {
  expect(pageLink(from, to, "report.html", system)).toBe(link);
  const page = new URL(`file:///${system === posix ? "" : "C:/"}x/${system.basename(from)}/report.html`);
  expect(decodeURIComponent(new URL(link, page).pathname)).toContain(system.basename(to));
});
