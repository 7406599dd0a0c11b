import { InvalidInputError, isJsonRecord, type Job, type JsonObject, parseStrictJsonObject } from "@blora/spec";

/** Jobs by their index, as a file holds them. */
export interface JobList {
  /** What all of them have in common, for whoever does them. */
  readonly about: JsonObject;
  readonly jobs: readonly Job[];
}

const FORMAT_VERSION = 1;

export function writeJobList({ about, jobs }: JobList): string {
  return `${JSON.stringify({ formatVersion: FORMAT_VERSION, about, jobs }, null, 1)}\n`;
}

/**
 * @param origin path of the file, for errors
 * @throws InvalidInputError for anything that `writeJobList` does not write
 */
export function parseJobList(bytes: Uint8Array, origin: string): JobList {
  const { formatVersion, about, jobs } = parseStrictJsonObject(bytes, { origin });
  if (formatVersion !== FORMAT_VERSION) {
    throw new InvalidInputError(`${origin}: expected formatVersion ${FORMAT_VERSION}, found ${formatVersion}.`);
  }
  if (!isJsonRecord(about))
    throw new InvalidInputError(`${origin}: about: expected an object, found ${kindOf(about)}.`);
  if (!Array.isArray(jobs)) throw new InvalidInputError(`${origin}: jobs: expected a list, found ${kindOf(jobs)}.`);
  for (const [index, job] of jobs.entries()) {
    if (!isJob(job)) throw new InvalidInputError(`${origin}: jobs[${index}]: expected a job with its id, found other.`);
  }
  return { about: about as JsonObject, jobs: jobs as Job[] };
}

function isJob(value: unknown): value is Job {
  if (!isJsonRecord(value)) return false;
  const { id, manifest, needs, inputs } = value;
  return (
    typeof id === "string" &&
    /^[0-9a-f]{64}$/.test(id) &&
    isJsonRecord(manifest) &&
    isJsonRecord(needs) &&
    Array.isArray(inputs)
  );
}

function kindOf(value: unknown): string {
  return value === undefined ? "none" : JSON.stringify(value).slice(0, 40);
}
