import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError } from "../base/errors.ts";
import { KINDS, type Kind } from "../ports/peer.ts";
import { peerId } from "../ports/view.ts";
import { ByteSink } from "./bytes.ts";
import { FRAME_BYTES, type FrameHeader, readFrame, readHeader, writeFrame, writeHeader } from "./frame.ts";

const headers: fc.Arbitrary<FrameHeader> = fc.record(
  {
    kind: fc.constantFrom<Kind>("up", "down", "state", "control", "test"),
    attempt: fc.nat(255),
    epoch: fc.nat(2 ** 32 - 1),
    sender: fc.nat(65_535).map(peerId),
    part: fc.nat(65_535),
    round: fc.nat(2 ** 32 - 1),
  },
  { noNullPrototype: true },
);
const bodies = fc.uint8Array({ maxLength: 200 });

function framed(header: FrameHeader, body: Uint8Array): Uint8Array {
  const sink = new ByteSink(FRAME_BYTES + body.length);
  writeFrame(header, body, sink);
  return sink.written;
}

test("a frame gives back its header and its body, and costs 24 bytes", () => {
  fc.assert(
    fc.property(headers, bodies, (header, body) => {
      const frame = framed(header, body);
      assert.equal(frame.length, 24 + body.length);
      const read = readFrame(frame);
      assert.deepEqual(read.header, header);
      assert.deepEqual(Uint8Array.from(read.body), body);
      assert.deepEqual(readHeader(frame.subarray(0, 24)), { header, bodyLength: body.length });
    }),
  );
});

test("each field lies where the format says", () => {
  const header = {
    kind: "down",
    attempt: 3,
    epoch: 0x0a0b0c0d,
    sender: peerId(0x0102),
    part: 0x0304,
    round: 0x05060708,
  } as const;
  const frame = framed(header, Uint8Array.of(9, 9));
  const expected = [1, KINDS.down, 3, 0, 0x0d, 0x0c, 0x0b, 0x0a, 2, 1, 4, 3, 8, 7, 6, 5, 2, 0, 0, 0];
  assert.deepEqual([...frame.subarray(0, 20)], expected);
  assert.deepEqual([...frame.subarray(24)], [9, 9]);
});

test("a frame is the same whether its body is given whole, in parts, or behind a header written alone", () => {
  fc.assert(
    fc.property(headers, bodies, fc.nat(), (header, body, cut) => {
      const middle = cut % (body.length + 1);
      const sink = new ByteSink(FRAME_BYTES + body.length);
      writeFrame(header, [body.subarray(0, middle), body.subarray(middle)], sink);
      assert.deepEqual(sink.written, framed(header, body));
      sink.reset();
      writeHeader(header, body, sink);
      assert.deepEqual(sink.bytes(body).written, framed(header, body));
    }),
  );
});

test("any single flipped bit, cut or appended byte is found", () => {
  fc.assert(
    fc.property(headers, bodies, fc.nat(), fc.nat(), (header, body, bit, cut) => {
      const frame = framed(header, body).slice();
      const at = bit % (8 * frame.length);
      frame[at >>> 3]! ^= 1 << (at & 7);
      assert.throws(() => readFrame(frame), CorruptError);
      frame[at >>> 3]! ^= 1 << (at & 7);
      assert.throws(() => readFrame(frame.subarray(0, cut % frame.length)), CorruptError);
      assert.throws(() => readFrame(Uint8Array.of(...frame, 0)), /expected a body of/);
      readFrame(frame);
    }),
    { numRuns: 300 },
  );
});

test("a version, a kind, a reserved byte or a body length that is not allowed is refused by its header alone", () => {
  const good = framed({ kind: "up", attempt: 0, epoch: 0, sender: peerId(0), part: 0, round: 0 }, new Uint8Array(0));
  const changed = (at: number, value: number) => {
    const bad = good.slice();
    bad[at] = value;
    return () => readHeader(bad);
  };
  assert.throws(changed(0, 2), /version 1, got 2/);
  assert.throws(changed(1, 0), /a kind: 1, 2, 3, 4, 5, 255, got 0/);
  assert.throws(changed(3, 1), /reserved/);
  assert.throws(changed(19, 0x41), /at most 1073741824 bytes/);
});

test("any bytes are a frame or a CorruptError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      assert.throws(() => readFrame(bytes), CorruptError); // 2⁻³² of random bytes would pass the checksum
    }),
  );
});
