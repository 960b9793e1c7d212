/**
 * What a peer of a live swarm keeps in its folder beside the run's own files: which run it is part of, and where the others
 * were last found.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "../base/errors.ts";
import { codeOf, fileError, writeAtomically } from "./files.ts";

export interface LiveRecord {
  readonly run: string;
  /** Multiaddrs of other members. */
  readonly members: readonly string[];
}

const FILE = "live.json";

/** The peer's identity. */
export const peerKeyPath = (folder: string): string => join(folder, "peer.key");

/** Undefined if the folder has none. @throws {CheckpointError} if it cannot be read */
export async function readLiveRecord(folder: string): Promise<LiveRecord | undefined> {
  const path = join(folder, FILE);
  const text = await readFile(path, "utf8").catch((cause) => {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw fileError(path, "a file that can be read", cause);
  });
  if (text === undefined) return undefined;
  const record = parsed(text);
  if (isRecord(record)) return { run: record.run, members: record.members };
  throw new CheckpointError(path, {
    expected: "the record of a live run, as Thinwire wrote it",
    got: "something else",
  });
}

export const writeLiveRecord = (folder: string, record: LiveRecord): Promise<void> =>
  writeAtomically(join(folder, FILE), `${JSON.stringify(record, null, 2)}\n`);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is LiveRecord =>
  typeof value === "object" &&
  value !== null &&
  "run" in value &&
  typeof value.run === "string" &&
  "members" in value &&
  Array.isArray(value.members) &&
  value.members.every((address) => typeof address === "string");
