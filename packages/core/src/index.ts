export { defineConfig, type RunConfig } from "./config.ts";
export { type PackageLookup, type PackageReference, type StoredManifest, writeManifest } from "./manifest.ts";
export { createRegistry, type Registry } from "./registry.ts";
