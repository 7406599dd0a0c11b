import type { Component, PluginKind } from "@blora/spec";
import { expect, test } from "vitest";

/** The manifest of a component is JSON that says what kind it is and survives being written and read. */
export function testManifest(component: Component<PluginKind>, kind: PluginKind): void {
  test("the manifest is JSON that names its kind and survives a round trip", () => {
    const text = JSON.stringify(component);
    const manifest: unknown = JSON.parse(text);
    expect(manifest).toMatchObject({ $plugin: expect.stringMatching(new RegExp(`^${kind}/[a-z][a-z0-9-]*$`)) });
    expect(JSON.stringify(manifest)).toBe(text);
    expect(JSON.stringify(component.manifest)).toBe(text);
  });
}
