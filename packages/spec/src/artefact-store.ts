/** A file in a store. */
export interface ArtefactRef {
  /** Names joined by `/`, each of letters, digits, `.`, `-` and `_`. */
  readonly key: string;
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/**
 * Keeps files under keys, where machines that share nothing else find them: checkpoints, adapters, results. What is
 * there is whole: a file that is being written, or whose writer died, is not there.
 */
export interface ArtefactStore {
  /**
   * Writes a file as a whole, also over an earlier one. There when it returns.
   *
   * @param sha256 of the content, in hex
   * @throws InvalidInputError where the content is another; nothing is written then
   */
  put(key: string, body: AsyncIterable<Uint8Array>, sha256: string): Promise<void>;
  /** @throws NotFoundError, at the first read, where no file has that key */
  get(key: string): AsyncIterable<Uint8Array>;
  /** The files whose keys begin with this, in the order of their keys. */
  list(prefix: string): AsyncIterable<Pick<ArtefactRef, "key" | "bytes">>;
  /** Writes a small file where there is none; of several that try at the same time, one gets true. */
  putIfAbsent(key: string, body: Uint8Array): Promise<boolean>;
  /** A file that is not there is no error. */
  remove(key: string): Promise<void>;
}
