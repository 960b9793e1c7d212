import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { DataError } from "../base/errors.ts";
import { gunzip } from "./gunzip.ts";
import { utf8 } from "./readers.contract.ts";

test("a gzipped file is unpacked and any other is left as it is, whatever its name", async () => {
  const content = utf8("1 3:1\n".repeat(50_000));
  assert.deepEqual(await gunzip(gzipSync(content), "f"), content);
  assert.equal(await gunzip(content, "f"), content);
  assert.deepEqual([...(await gunzip(gzipSync(""), "f"))], []);
});

test("a small file that unpacks to more than the limit is refused before it is all in memory", async () => {
  const bomb = gzipSync(new Uint8Array(10_000_000));
  assert.ok(bomb.length < 20_000);
  await assert.rejects(
    gunzip(bomb, "bomb.gz", 1_000_000),
    (error) => error instanceof DataError && /bomb\.gz: expected at most 1\.0 MB unpacked/.test(error.message),
  );
});

test("a gzip stream that is cut short anywhere is refused", async () => {
  const file = gzipSync(utf8("a text that repeats, a text that repeats"));
  for (let length = 2; length < file.length; length++) {
    await assert.rejects(gunzip(file.subarray(0, length), "f"), DataError, `${length} bytes`);
  }
});

test("a damaged gzip stream gives bytes or a DataError", async () => {
  const file = gzipSync(utf8("a text that repeats, a text that repeats"));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: file.length - 1 }), fc.nat(255), async (at, byte) => {
      const damaged = Uint8Array.from(file);
      damaged[at] = byte;
      await gunzip(damaged, "f", 1000).catch((error: unknown) => assert.ok(error instanceof DataError));
    }),
  );
});
