/**
 * What a node that wants to join and a member tell each other, and how it is written: a u32 of length, a type, fields.
 * Little-endian.
 */
import { ByteSink, ByteSource } from "../../coding/bytes.ts";
import { type PeerId, peerId } from "../../ports/view.ts";
import { MAX_HELLO_BYTES } from "./admission-port.ts";
import { REVOCATIONS_BYTES_MAX } from "./revocations.ts";
import {
  ABOUT_BYTES_MAX,
  ADDRESS_BYTES_MAX,
  ADDRESSES_MAX,
  CONTROL_BYTES_MAX,
  REASON_BYTES_MAX,
} from "./swarm-limits.ts";
import {
  readAddresses,
  readText,
  readView,
  type SwarmView,
  viewBytesMax,
  writeAddresses,
  writeText,
  writeView,
} from "./swarm-view.ts";

export const JOIN_PROTOCOL = "/thinwire/join/1";
export const MEMBERS_PROTOCOL = "/thinwire/members/1";

/** The first words of a joiner: what admission wants to see, and where the others find it. */
export interface JoinRequest {
  readonly hello: Uint8Array;
  readonly addresses: readonly string[];
}

export const REQUEST_BYTES_MAX: number = 8 + MAX_HELLO_BYTES + ADDRESSES_MAX * (ADDRESS_BYTES_MAX + 2);

export type JoinAnswer =
  /** The request is under way. */
  | { readonly type: "wait" }
  | { readonly type: "refused"; readonly reason: string }
  /** Who is in the swarm, and what it is about: the whole answer to who only asks; a joiner turns to the first. */
  | { readonly type: "members"; readonly view: SwarmView; readonly about: Uint8Array }
  /** With the signed list of revoked tickets, if there is one (`revocations.ts`). */
  | {
      readonly type: "welcome";
      readonly id: PeerId;
      readonly view: SwarmView;
      readonly about: Uint8Array;
      readonly revoked: Uint8Array;
    };

export const ANSWER_BYTES_MAX: number = CONTROL_BYTES_MAX + ABOUT_BYTES_MAX + REVOCATIONS_BYTES_MAX;

const TYPES: readonly JoinAnswer["type"][] = ["wait", "refused", "members", "welcome"];

export function writeRequest({ hello, addresses }: JoinRequest): Uint8Array {
  return prefixed(REQUEST_BYTES_MAX, (sink) => {
    sink.u32(hello.length).bytes(hello);
    writeAddresses(addresses, sink);
  });
}

/** @throws {CorruptError} */
export function readRequest(body: Uint8Array): JoinRequest {
  const from = new ByteSource(body, "join request");
  const length = from.u32();
  if (length > MAX_HELLO_BYTES) throw from.corrupt(`a hello of at most ${MAX_HELLO_BYTES} bytes`, length);
  const request = { hello: from.bytes(length), addresses: readAddresses(from) };
  from.end();
  return request;
}

export function writeAnswer(answer: JoinAnswer): Uint8Array {
  const more = "view" in answer ? viewBytesMax(answer.view) + answer.about.length : REASON_BYTES_MAX;
  const listed = answer.type === "welcome" ? answer.revoked.length : 0;
  return prefixed(16 + more + listed, (sink) => {
    sink.u8(TYPES.indexOf(answer.type));
    if (answer.type === "wait") return;
    if (answer.type === "refused") return writeText(answer.reason.slice(0, REASON_BYTES_MAX / 4), sink);
    if (answer.type === "welcome") sink.u16(answer.id);
    writeView(answer.view, sink);
    sink.u32(answer.about.length).bytes(answer.about);
    if (answer.type === "welcome") sink.u32(listed).bytes(answer.revoked);
  });
}

/** @throws {CorruptError} */
export function readAnswer(body: Uint8Array): JoinAnswer {
  const from = new ByteSource(body, "join answer");
  const code = from.u8();
  const type = TYPES[code];
  if (type === undefined) throw from.corrupt(`a type below ${TYPES.length}`, code);
  const answer = readFields(type, from);
  from.end();
  return answer;
}

function readFields(type: JoinAnswer["type"], from: ByteSource): JoinAnswer {
  if (type === "wait") return { type };
  if (type === "refused") return { type, reason: readText(from, REASON_BYTES_MAX) };
  const id = type === "welcome" ? peerId(from.u16()) : undefined;
  const view = readView(from);
  const length = from.u32();
  if (length > ABOUT_BYTES_MAX) throw from.corrupt(`at most ${ABOUT_BYTES_MAX} bytes about the job`, length);
  const about = from.bytes(length).slice();
  if (id === undefined) return { type: "members", view, about };
  const listed = from.u32();
  if (listed > REVOCATIONS_BYTES_MAX)
    throw from.corrupt(`at most ${REVOCATIONS_BYTES_MAX} bytes of revocations`, listed);
  return { type: "welcome", id, view, about, revoked: from.bytes(listed).slice() };
}

function prefixed(bytesMax: number, write: (sink: ByteSink) => void): Uint8Array {
  const sink = new ByteSink(4 + bytesMax).u32(0);
  write(sink);
  const written = sink.written.slice();
  new ByteSink(written).u32(written.length - 4);
  return written;
}
