import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { AdmissionError, CheckpointError, CorruptError } from "../base/errors.ts";
import { keyFromFile, readKeyFile } from "./key-files.ts";

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "thinwire-keys-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const KEEPS_MODES = { skip: process.platform === "win32" };

test("a key is made once, for its owner alone, and is the same ever after", async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, "below", "peer.key");
  assert.equal(await readKeyFile(path, "peer"), undefined);
  const { peerId } = await keyFromFile(path, "peer");
  assert.equal((await keyFromFile(path, "peer")).peerId, peerId);
  if (!KEEPS_MODES.skip) assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(join(folder, "below")), ["peer.key"]);
});

test("of several that make the same key at once all get the same one", async (t) => {
  const path = join(await temporaryFolder(t), "peer.key");
  const made = await Promise.all(Array.from({ length: 8 }, () => keyFromFile(path, "peer")));
  assert.equal(new Set(made.map(({ peerId }) => peerId)).size, 1);
  assert.equal((await readKeyFile(path, "peer"))?.peerId, made[0]?.peerId);
});

for (const mode of [0o640, 0o604, 0o620, 0o602, 0o777]) {
  test(`a key file of mode ${mode.toString(8)} is refused, and stays as it is`, KEEPS_MODES, async (t) => {
    const path = join(await temporaryFolder(t), "swarm.key");
    await keyFromFile(path, "swarm");
    const content = await readFile(path, "utf8");
    await chmod(path, mode);
    await assert.rejects(keyFromFile(path, "swarm"), (error: Error) => {
      assert.ok(error instanceof AdmissionError);
      assert.match(error.message, new RegExp(`swarm\\.key: .*only its owner.*mode 0${mode.toString(8)}.*chmod 600`));
      return true;
    });
    assert.equal(await readFile(path, "utf8"), content);
  });
}

test("a file that holds no such key is refused, never replaced", async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, "swarm.key");
  for (const content of ["", "secret words", "x".repeat(5000)]) {
    await writeFile(path, content, { mode: 0o600 });
    await assert.rejects(keyFromFile(path, "swarm"), (error: Error) => {
      assert.ok(error instanceof CorruptError);
      assert.ok(!error.message.includes("secret words"));
      return true;
    });
    assert.equal(await readFile(path, "utf8"), content);
  }
  await keyFromFile(join(folder, "peer.key"), "peer");
  await assert.rejects(
    keyFromFile(join(folder, "peer.key"), "swarm"),
    /expected the key of a swarm.*the key of a peer/,
  );
});

test("a key that cannot be read or written is an error of its file", async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, "file"), "");
  await assert.rejects(keyFromFile(join(folder, "file", "peer.key"), "peer"), CheckpointError);
  await assert.rejects(keyFromFile(folder, "peer"), CheckpointError);
});
