import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CheckpointError } from "../base/errors.ts";
import { makeFolder, writeAtomically, writeFolderAtomically } from "./files.ts";

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "thinwire-files-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("folders are made with those above them, and made again without harm", () =>
  withFolder(async (folder) => {
    const deep = join(folder, "a", "b", "c");
    await makeFolder(deep);
    await makeFolder(deep);
    assert.deepEqual(await readdir(join(folder, "a", "b")), ["c"]);
    await writeFile(join(folder, "file"), "");
    await assert.rejects(makeFolder(join(folder, "file")), { code: "EEXIST" });
    await assert.rejects(makeFolder(join(folder, "file", "x")), { code: "ENOTDIR" });
  }));

test("a folder that nobody can make is an error and not a wait without end", async () => {
  await assert.rejects(makeFolder("/proc/thinwire/run"));
});

test("a file is replaced as a whole and leaves no temporary file, a failed one leaves nothing", () =>
  withFolder(async (folder) => {
    const path = join(folder, "result.json");
    await writeAtomically(path, "old");
    await writeAtomically(path, "new");
    assert.equal(await readFile(path, "utf8"), "new");
    await assert.rejects(writeAtomically(join(path, "below"), "x"), CheckpointError);
    assert.deepEqual(await readdir(folder), ["result.json"]);
  }));

test("a folder is replaced as a whole", () =>
  withFolder(async (folder) => {
    const path = join(folder, "round-000001");
    await writeFolderAtomically(path, new Map([["old", "1"]]));
    await writeFolderAtomically(path, new Map([["new", "2"]]));
    assert.deepEqual(await readdir(path), ["new"]);
    assert.deepEqual(await readdir(folder), ["round-000001"]);
  }));
