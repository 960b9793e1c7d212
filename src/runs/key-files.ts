/**
 * Key files: secrets that only their owner may read.
 */
import { constants } from "node:fs";
import { link, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { AdmissionError, CorruptError } from "../base/errors.ts";
import { type KeyKind, KeyPair, MAX_KEY_FILE_BYTES, parseKey, writeKey } from "../transports/libp2p/keys.ts";
import { codeOf, fileError, makeFolder } from "./files.ts";

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/**
 * The key in a file; undefined if there is no file.
 * @throws {AdmissionError} if others can read it @throws {CorruptError} if it holds no such key
 * @throws {CheckpointError} if it cannot be read
 */
export async function readKeyFile(path: string, kind: KeyKind): Promise<KeyPair | undefined> {
  const content = await readSecret(path);
  return content === undefined ? undefined : parseKey(content, kind, path);
}

/**
 * The key in a file, which is made if it is not there. Of several that make it at once, all get the same key.
 * @throws as `readKeyFile`, and {CheckpointError} if it cannot be written
 */
export async function keyFromFile(path: string, kind: KeyKind): Promise<KeyPair> {
  const found = await readKeyFile(path, kind);
  if (found !== undefined) return found;
  const made = await KeyPair.generate();
  if (await createSecret(path, writeKey(made, kind))) return made;
  return keyFromFile(path, kind);
}

async function readSecret(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY).catch((cause) => {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw fileError(path, "a key file that can be read", cause);
  });
  if (file === undefined) return undefined;
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw fileError(path, "a key file", "no file but a folder or a device");
    const { mode, size } = stat;
    // Windows keeps no such modes.
    if (process.platform !== "win32" && (mode & OTHERS) !== 0) throw openToOthers(path, mode);
    if (size > MAX_KEY_FILE_BYTES) throw new CorruptError(path, { expected: "a key file", got: `${size} bytes` });
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

const openToOthers = (path: string, mode: number): AdmissionError =>
  new AdmissionError(path, {
    expected: "a key that only its owner can read or write",
    got: `mode ${(mode & 0o777).toString(8).padStart(4, "0")}`,
    hint: `If nobody else has read it: chmod 600 ${path}. Otherwise move it away and a new one is made.`,
  });

/** Writes the whole file under a temporary name, then gives it its own; false if another was there first. */
async function createSecret(path: string, content: string): Promise<boolean> {
  const temporary = `${path}.${process.pid}.${crypto.randomUUID()}.tmp`;
  try {
    await makeFolder(dirname(path));
    const file = await open(temporary, "wx", OWNER_ONLY);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temporary, path); // unlike rename, it replaces nothing
    return true;
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") return false;
    throw fileError(path, "a folder that can be written", cause);
  } finally {
    await rm(temporary, { force: true });
  }
}
