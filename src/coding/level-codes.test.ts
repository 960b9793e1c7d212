import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError } from "../base/errors.ts";
import { ByteSink, ByteSource } from "./bytes.ts";
import { autoCode, denseCode, fixedCode, type LevelCode, levelWidth, MAX_LEVELS, sparseCode } from "./level-codes.ts";

function written(code: LevelCode, levels: Int16Array, most: number): Uint8Array {
  const sink = new ByteSink(code.maxBytes(levels.length, most)); // refuses to grow
  code.write(levels, most, sink);
  return sink.written;
}

function read(code: LevelCode, bytes: Uint8Array, count: number, most: number): Int16Array {
  const levels = new Int16Array(count).fill(99);
  const source = new ByteSource(bytes);
  code.read(source, most, levels);
  source.end();
  return levels;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** Levels from −most to most, sparse or dense, and their most. */
const vectors = fc
  .record({
    most: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: MAX_LEVELS })),
    zeros: fc.nat(9),
  })
  .chain(({ most, zeros }) =>
    fc.record({
      most: fc.constant(most),
      levels: fc
        .array(fc.tuple(fc.nat(9), fc.integer({ min: -most, max: most })), { maxLength: 300 })
        .map((list) => Int16Array.from(list, ([dice, level]) => (dice < zeros ? 0 : level))),
    }),
  );

for (const code of [fixedCode, sparseCode, denseCode, autoCode]) {
  test(`${code.name}: any levels come back, in the bytes that were counted`, () => {
    fc.assert(
      fc.property(vectors, ({ levels, most }) => {
        const bytes = written(code, levels, most);
        assert.equal(bytes.length, code.size(levels, most));
        assert.deepEqual(read(code, bytes, levels.length, most), levels);
      }),
    );
  });

  test(`${code.name}: the promised size holds for the worst levels, wherever they lie`, () => {
    for (const most of [1, 2, 7, 8, 15, 16, 255, MAX_LEVELS]) {
      for (const step of [1, 2, 3, 4, 8, 16, 64]) {
        written(
          code,
          Int16Array.from({ length: 512 }, (_, i) => ((i + 1) % step === 0 ? -most : 0)),
          most,
        );
      }
    }
  });

  test(`${code.name}: any bytes give levels within bounds, or a CorruptError`, () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.nat(60),
        fc.integer({ min: 1, max: 300 }),
        (bytes, count, most) => {
          try {
            for (const level of read(code, bytes, count, most)) assert.ok(Math.abs(level) <= most);
          } catch (error) {
            assert.ok(error instanceof CorruptError, String(error));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
}

test("a level takes ⌈log₂(2s + 1)⌉ bits in the fixed code", () => {
  for (let most = 1; most <= 300; most++) assert.equal(levelWidth(most), Math.ceil(Math.log2(2 * most + 1)));
});

test("(0, −1, 2) has the codes that its bits say", () => {
  const levels = Int16Array.of(0, -1, 2);
  assert.equal(hex(written(fixedCode, levels, 7)), "f002"); // 0, 15, 2
  assert.equal(hex(written(sparseCode, levels, 7)), "029100"); // 2; 100 1 0, 0 0 100
  assert.equal(hex(written(denseCode, levels, 7)), "4e00"); // 0, 100 1, 110 0
  assert.equal(hex(written(autoCode, levels, 7)), "00f002");
});

test("the shortest code is taken, by its number", () => {
  const tag = (levels: Int16Array) => written(autoCode, levels, 7)[0];
  assert.equal(tag(new Int16Array(1000).fill(-7)), 0);
  assert.equal(tag(new Int16Array(1000).fill(1, 400, 403)), 1);
  assert.equal(tag(Int16Array.from({ length: 1000 }, (_, i) => 2 * (i % 2))), 2);
  assert.throws(() => read(autoCode, Uint8Array.of(3, 0), 1, 7), CorruptError);
});

test("the fixed code refuses the number below −s", () => {
  assert.throws(() => read(fixedCode, Uint8Array.of(0x08), 1, 7), CorruptError);
  assert.deepEqual([...read(fixedCode, Uint8Array.of(0x09), 1, 7)], [-7]);
});
