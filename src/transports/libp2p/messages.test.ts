/** What members write to each other comes back as it was, and whatever strangers write is read or refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError } from "../../base/errors.ts";
import { bytes } from "../../base/units.ts";
import { ByteSink } from "../../coding/bytes.ts";
import { writeFrame } from "../../coding/frame.ts";
import { type PeerId, peerId } from "../../ports/view.ts";
import { BlockPool } from "../threads/blocks.ts";
import { ROLES } from "./admission-port.ts";
import { BodyReader, type ControlMessage, readControl, writeControl } from "./control-messages.ts";
import { type JoinAnswer, readAnswer, readRequest, writeAnswer, writeRequest } from "./join-messages.ts";
import { MailReader, type MailRecord, writeNote } from "./mail-records.ts";
import { defaultPeerLimits } from "./swarm-limits.ts";
import type { SwarmView } from "./swarm-view.ts";

/** Objects as literals are. */
const record = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(shape, { noNullPrototype: true });

const u32 = fc.nat({ max: 2 ** 32 - 1 });
const id: fc.Arbitrary<PeerId> = fc.nat({ max: 65_535 }).map(peerId);
const text = fc.string({ maxLength: 60, unit: "grapheme" });
const about = fc.uint8Array({ maxLength: 200 });

const view: fc.Arbitrary<SwarmView> = record({
  swarm: fc.constantFrom("", "K7gNU3sdo-OL0wNhqoVWhr"),
  epoch: u32,
  ids: fc.uniqueArray(id, { minLength: 1, maxLength: 6 }),
  names: fc.array(text, { minLength: 6, maxLength: 6 }),
  ticket: fc.constantFrom("", "3f9a77c1d20b4e58"),
  barred: fc.array(record({ node: text, why: text }), { maxLength: 3 }),
  role: fc.constantFrom(...ROLES),
  addresses: fc.array(text, { maxLength: 4 }),
}).map(({ swarm, epoch, ids, names, role, addresses, ticket, barred }) => ({
  swarm,
  epoch,
  nextId: Math.max(...ids) + 1,
  members: ids.map((id, i) => ({ id, node: names[i]!, role, addresses, ticket })),
  barred,
}));

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const signature = bytesOf(64);
const certificate = record({
  follows: bytesOf(32),
  ballot: u32,
  votes: fc.array(fc.tuple(id, signature), { maxLength: 4 }).map((votes) => new Map(votes)),
});

const proposal = record({ ballot: u32, view });

const control: fc.Arbitrary<ControlMessage> = fc.oneof(
  record({ type: fc.constant("hello" as const), from: id, to: id, epoch: u32 }),
  record({ type: fc.constantFrom("alive" as const, "entered" as const), epoch: u32 }),
  record({
    type: fc.constant("link" as const),
    id,
    state: fc.constantFrom("up" as const, "down" as const),
    why: text,
  }),
  record({ type: fc.constantFrom("leave" as const, "left" as const, "arrived" as const) }),
  record({ type: fc.constant("accusation" as const), by: id, id, why: text, signature }),
  record({ type: fc.constant("prepare" as const), epoch: u32, ballot: u32 }),
  record({ type: fc.constant("accepted" as const), epoch: u32, ballot: u32, vote: signature }),
  record({ type: fc.constant("promise" as const), epoch: u32, ballot: u32, accepted: proposal }),
  record({ type: fc.constant("promise" as const), epoch: u32, ballot: u32 }),
  record({ type: fc.constant("accept" as const), epoch: u32, ballot: u32, view }),
  record({ type: fc.constant("refuse" as const), epoch: u32, ballot: u32, promised: u32 }),
  record({ type: fc.constant("commit" as const), view, certificate }),
  record({ type: fc.constant("revoked" as const), list: about }),
);

const answer: fc.Arbitrary<JoinAnswer> = fc.oneof(
  fc.constant({ type: "wait" as const }),
  record({ type: fc.constant("refused" as const), reason: text }),
  record({ type: fc.constant("members" as const), view, about }),
  record({ type: fc.constant("welcome" as const), id, view, about, revoked: about }),
);

/** Cut into pieces of any size. */
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });

function* pieces(whole: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let start = 0, i = 0; start < whole.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield whole.subarray(start, start + size);
    start += size;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

test("control messages come back as they were, however the stream was cut", () => {
  fc.assert(
    fc.property(fc.array(control, { maxLength: 5 }), cuts, (messages, sizes) => {
      const reader = new BodyReader(2 ** 20);
      const read: ControlMessage[] = [];
      for (const piece of pieces(joined(messages.map(writeControl)), sizes)) {
        for (const body of reader.read([piece])) read.push(readControl(body));
      }
      assert.deepEqual(read, messages);
    }),
  );
});

test("join requests and answers come back as they were", () => {
  fc.assert(
    fc.property(about, fc.array(text, { maxLength: 4 }), answer, (hello, addresses, answer) => {
      assert.deepEqual(readRequest(writeRequest({ hello, addresses }).subarray(4)), { hello, addresses });
      assert.deepEqual(readAnswer(writeAnswer(answer).subarray(4)), answer);
    }),
  );
});

const framed = (round: number, body: Uint8Array, sender = peerId(3), epoch = 0): Uint8Array => {
  const sink = new ByteSink(24 + body.length);
  writeFrame({ kind: "test", round, attempt: 0, part: 0, epoch, sender }, body, sink);
  return sink.written;
};

const OPEN = writeNote({ type: "open", from: peerId(3), to: peerId(1) });

const readerOf = (limits: Partial<typeof defaultPeerLimits> = {}): MailReader =>
  new MailReader({ limits: { ...defaultPeerLimits, ...limits }, epoch: () => 0, blocks: new BlockPool() });

const readAll = (reader: MailReader, ...parts: readonly Uint8Array[]): MailRecord[] => [...reader.read(parts)];

test("mail comes back frame by frame, however the stream was cut", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 6 }), u32, cuts, (bodies, epoch, sizes) => {
      const frames = bodies.map((body, round) => framed(round, body));
      const notes = [{ type: "entered", epoch }, { type: "ask" }, { type: "left" }] as const;
      const reader = readerOf();
      const read: MailRecord[] = [];
      for (const piece of pieces(joined([OPEN, ...frames, ...notes.map(writeNote)]), sizes))
        read.push(...reader.read([piece]));
      assert.deepEqual(read, [
        { type: "open", from: 3, to: 1 },
        ...frames.map((frame) => ({ type: "frame", frame })),
        ...notes,
      ]);
    }),
  );
});

test("what a reader of records did not come to is not lost", () => {
  const reader = readerOf();
  const frame = framed(0, Uint8Array.of(1, 2, 3));
  for (const record of reader.read([joined([OPEN, frame])])) {
    assert.equal(record.type, "open");
    break;
  }
  assert.deepEqual([...reader.read([])], [{ type: "frame", frame }]);
});

test("mail that breaks a limit or names another sender is refused before its body has come", () => {
  const head = (frame: Uint8Array) => frame.subarray(0, 24);
  const refusals: readonly (readonly [RegExp, () => unknown])[] = [
    [
      /a body of at most 99 bytes, got 100/,
      () => readAll(readerOf({ messageBytes: bytes(99) }), OPEN, head(framed(0, new Uint8Array(100)))),
    ],
    [
      /at most 200 bytes a round, got 248/,
      () =>
        readAll(
          readerOf({ bytesPerRound: bytes(200) }),
          OPEN,
          framed(0, new Uint8Array(100)),
          head(framed(0, new Uint8Array(100))),
        ),
    ],
    [
      /at most 1 messages a round/,
      () => readAll(readerOf({ messagesPerRound: 1 }), OPEN, framed(0, OPEN), head(framed(0, OPEN))),
    ],
    [/frames of peer 3, got "one of peer 4"/, () => readAll(readerOf(), OPEN, head(framed(0, OPEN, peerId(4))))],
    [/a view near 0, got 100000/, () => readAll(readerOf(), OPEN, head(framed(0, OPEN, peerId(3), 100_000)))],
    [/a note that opens the stream/, () => readAll(readerOf(), head(framed(0, OPEN)))],
    [/one note that opens the stream, got "open"/, () => readAll(readerOf(), OPEN, OPEN)],
    [/begins with 0 or 1, got 7/, () => readAll(readerOf(), OPEN, Uint8Array.of(7))],
  ];
  for (const [complaint, read] of refusals) {
    assert.throws(read, (error) => error instanceof CorruptError && complaint.test(error.message), `${complaint}`);
  }
});

test("a body that is announced and never sent takes no memory", () => {
  const reader = readerOf();
  const before = process.memoryUsage().arrayBuffers;
  const header = framed(0, new Uint8Array(0)).slice();
  new DataView(header.buffer).setUint32(16, 2 ** 30, true);
  assert.equal(readAll(reader, OPEN, header, new Uint8Array(1000)).length, 1);
  assert.ok(process.memoryUsage().arrayBuffers - before < 10e6);
});

test("any bytes are read or refused with a CorruptError", () => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(
        fc.oneof(control.map(writeControl), answer.map(writeAnswer)),
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }),
      )
      .map(([message, changes]) => {
        const changed = message.slice(4);
        for (const [at, value] of changes) changed[at % changed.length] = value;
        return changed;
      }),
  );
  const decoders: readonly ((body: Uint8Array) => unknown)[] = [
    readControl,
    readRequest,
    readAnswer,
    (body) => readAll(readerOf(), OPEN, body),
    (body) => [...new BodyReader(100).read([body])],
  ];
  fc.assert(
    fc.property(bodies, (body) => {
      for (const decode of decoders) {
        try {
          decode(body);
        } catch (error) {
          if (!(error instanceof CorruptError)) throw error;
        }
      }
    }),
    { numRuns: 10_000 },
  );
});

test("a text keeps the mark that it begins with, so that whoever passes it on says what was signed", () => {
  const said = { by: peerId(1), id: peerId(2), why: "\uFEFFnoise", signature: new Uint8Array(64) };
  const message = { type: "accusation" as const, ...said };
  assert.deepEqual(readControl(writeControl(message).subarray(4)), message);
});
