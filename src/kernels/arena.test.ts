import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VECTORS_ADDRESS } from "./addresses.ts";
import { Arena } from "./arena.ts";
import { bytesVector, leaseVectors, vector } from "./index.ts";

/** An arena of one mebibyte. */
const small = (): Arena => new Arena(new WebAssembly.Memory({ initial: 16, maximum: 16 }));

test("vectors lie above the scratch, aligned, apart from each other, within the memory", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20_000 })), (lengths) => {
      const arena = small();
      let end = VECTORS_ADDRESS;
      for (const length of lengths) {
        const x = arena.vector(length);
        if (x === undefined) break;
        assert.equal(x.length, length);
        assert.equal(x.byteOffset % 16, 0);
        assert.ok(x.byteOffset >= end);
        end = x.byteOffset + x.byteLength;
      }
      assert.ok(end <= arena.buffer.byteLength);
    }),
  );
});

test("an arena without room hands out nothing, and a smaller vector may still fit", () => {
  const arena = small();
  assert.equal(arena.vector(2 ** 18), undefined);
  const rest = 2 ** 20 - VECTORS_ADDRESS;
  assert.equal(arena.bytes(rest)?.length, rest);
  assert.equal(arena.bytes(1), undefined);
});

test("the last release takes back what was handed out since the first lease, and no more", () => {
  const arena = small();
  const kept = arena.vector(10)!;
  const first = arena.lease();
  const taken = arena.vector(10)!;
  const second = arena.lease();
  first.release();
  first.release();
  const later = arena.vector(10)!;
  assert.notEqual(later.byteOffset, taken.byteOffset, "a second release of one lease must not end the other");
  second.release();
  assert.equal(arena.vector(10)!.byteOffset, taken.byteOffset);
  assert.ok(taken.byteOffset > kept.byteOffset);
});

test("memory that was used before is zero when handed out again", () => {
  const arena = small();
  for (const value of [1, 2]) {
    const lease = arena.lease();
    const x = arena.vector(1000)!;
    assert.ok(x.every((entry) => entry === 0));
    x.fill(value);
    lease.release();
  }
  assert.ok(arena.bytes(5000)!.every((entry) => entry === 0));
});

test("vectors of the library come from the kernels' memory while there is room, and from elsewhere then", () => {
  const lease = leaseVectors();
  const [x, bytes] = [vector(10), bytesVector(10)];
  assert.equal(x.buffer, bytes.buffer);
  const huge = vector(x.buffer.byteLength / 4);
  assert.notEqual(huge.buffer, x.buffer);
  assert.equal(huge.length, x.buffer.byteLength / 4);
  lease.release();
});
