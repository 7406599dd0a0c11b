import { type ArtefactStore, InvalidInputError } from "@blora/spec";
import { fileStore } from "./file-store.ts";
import { s3Store } from "./s3-store.ts";

/**
 * The store an address names: `file:/mnt/shared/blora`, or `s3://bucket/prefix` with endpoint and keys in the
 * environment.
 *
 * @throws InvalidInputError for an address of another kind, which it does not repeat: it may hold a password
 */
export function openStore(address: string): ArtefactStore {
  const folder = /^file:(?:\/\/(?=\/))?(?!\/\/)(.+)$/s.exec(address)?.[1];
  if (folder !== undefined) return fileStore({ folder });
  const [, bucket, prefix = ""] = /^s3:(?:\/\/)?([a-z0-9][a-z0-9.-]*)(?:\/(.*))?$/s.exec(address) ?? [];
  if (bucket !== undefined) return s3Store({ bucket, prefix });
  throw new InvalidInputError(
    "Expected a store such as file:/mnt/shared/blora or s3://bucket/prefix, found another address. Endpoint and keys of a service go into AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
  );
}
