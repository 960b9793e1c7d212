import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError } from "../../base/errors.ts";
import { seconds } from "../../base/units.ts";
import { KeyPair } from "./keys.ts";
import { Revocations, signRevocations } from "./revocations.ts";
import { REVOKED_MAX, REVOKED_REMEMBERED_MAX } from "./swarm-limits.ts";

const serial = (n: number): string => n.toString(16).padStart(16, "0");
const NOW = seconds(1_800_000_000);

test("a list that the swarm's key signed is learnt and passed on, and what it names stays revoked", async () => {
  const key = await KeyPair.generate();
  const known = new Revocations(key.swarmId);
  let news = 0;
  known.onNews(() => {
    news += 1;
  });
  const first = await signRevocations(key, [serial(1), serial(2)], NOW);
  const second = await signRevocations(key, [serial(3)], seconds(NOW + 1));
  for (const list of [first, second, first]) assert.ok(await known.take(list));
  assert.deepEqual([[...known.serials], news], [[serial(1), serial(2), serial(3)], 2]);
  assert.deepEqual(known.list, second);
  const other = new Revocations(key.swarmId);
  assert.ok(await other.take(known.list));
  assert.deepEqual([...other.serials], [serial(3)]);
});

test("a list of another key, or with a bit changed, says nothing", async () => {
  const [key, foreign] = [await KeyPair.generate(), await KeyPair.generate()];
  const known = new Revocations(key.swarmId);
  assert.equal(await known.take(await signRevocations(foreign, [serial(1)], NOW)), false);
  const list = await signRevocations(key, [serial(1)], NOW);
  await fc.assert(
    fc.asyncProperty(fc.nat(8 * list.length - 1), async (bit) => {
      const changed = list.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const taken = await known.take(changed).catch((error: unknown) => error);
      assert.ok(taken === false || taken instanceof CorruptError, `bit ${bit}: ${taken}`);
    }),
    { numRuns: 60 },
  );
  assert.deepEqual([known.serials.size, known.list.length], [0, 0]);
});

test("bytes that are no list are refused with a typed error", () =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
      const known = new Revocations("AAAA");
      const taken = await known.take(bytes).catch((error: unknown) => error);
      assert.ok(taken === false || taken instanceof CorruptError, String(taken));
    }),
  ));

test("of too many serials the last ones are signed", async () => {
  const key = await KeyPair.generate();
  const known = new Revocations(key.swarmId);
  const all = Array.from({ length: REVOKED_MAX + 5 }, (_, n) => serial(n));
  assert.ok(await known.take(await signRevocations(key, all, NOW)));
  assert.deepEqual([...known.serials], all.slice(5));
});

test("a list is signed anew while the newest one lacks a serial of the book, and not otherwise", async () => {
  const key = await KeyPair.generate();
  const known = new Revocations(key.swarmId);
  const sign = async (serials: readonly string[] | undefined) =>
    known.take(await signRevocations(key, serials!, seconds(known.at + 1)));
  assert.equal(known.listFor([]), undefined);
  await sign([serial(1)]);
  await sign([serial(2)]);
  assert.equal(known.listFor([serial(2)]), undefined);
  assert.deepEqual(known.listFor([serial(1)]), [serial(2), serial(1)]);
  const book = Array.from({ length: REVOKED_REMEMBERED_MAX + 5 }, (_, n) => serial(n));
  await sign(known.listFor(book));
  assert.equal(known.listFor(book), undefined);
  await sign(known.listFor([...book, serial(1e6)]));
  assert.ok(known.serials.has(serial(1e6)));
});
