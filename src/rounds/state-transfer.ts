/**
 * State transfer: named vectors on their way from one member to others, in pieces that fit a frame.
 *
 *     piece 0      number of vectors (varint); for each: name (varint length, UTF-8), entries (u32)
 *     piece 1, …   all entries one behind the other, as f32, `PIECE` of them a piece
 */
import { CorruptError, NonFiniteError } from "../base/errors.ts";
import type { NamedVectors } from "../base/state.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { MAX_LENGTH, MAX_PART, MAX_STATE_VECTORS, MAX_VARINT_BYTES } from "../coding/limits.ts";
import { kernels } from "../kernels/index.ts";
import type { Peer, Tag } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";

/** Entries of a piece: 4 MiB, so that no frame holds up others for long. */
const PIECE = 2 ** 20;

const tagOfPiece = (part: number): Tag => ({ kind: "state", round: 0, part });

/** @throws {PeerLost} {NonFiniteError} for a state that its receivers would refuse */
export async function sendState(peer: Peer, to: readonly PeerId[], state: NamedVectors): Promise<void> {
  for (const [name, values] of state) {
    if (!kernels.allFinite(values)) throw new NonFiniteError(`state: ${name}`, { expected: "finite entries" });
  }
  const names = [...state].map(([name, { length }]) => ({ name: new TextEncoder().encode(name), length }));
  const size = names.reduce((sum, { name }) => sum + MAX_VARINT_BYTES + name.length + 4, MAX_VARINT_BYTES);
  const head = new ByteSink(size).varint(names.length);
  for (const { name, length } of names) head.varint(name.length).bytes(name).u32(length);
  await peer.send(to, tagOfPiece(0), head.written);
  let part = 1;
  for (const [values, start] of piecesOf([...state.values()])) {
    const end = Math.min(start + PIECE, values.length);
    await peer.send(
      to,
      tagOfPiece(part++),
      new Uint8Array(values.buffer, values.byteOffset + 4 * start, 4 * (end - start)),
    );
  }
}

/**
 * @param most entries that the state may have
 * @throws {PeerLost} {CorruptError}
 */
export async function receiveState(peer: Peer, from: PeerId, most: number): Promise<NamedVectors> {
  const head = await peer.receive(from, tagOfPiece(0));
  const state = layoutOf(head, most);
  peer.recycle(head);
  let part = 1;
  for (const [values, start] of piecesOf([...state.values()])) {
    const body = await peer.receive(from, tagOfPiece(part++));
    const source = new ByteSource(body, "state");
    const piece = source.f32s(Math.min(PIECE, values.length - start));
    source.end();
    if (!kernels.allFinite(piece)) throw source.corrupt("finite entries", "NaN or infinity");
    values.set(piece, start);
    peer.recycle(body);
  }
  return state;
}

/** Zeroed vectors as the head announces them. */
function layoutOf(head: Uint8Array, most: number): Map<string, Float32Array> {
  const source = new ByteSource(head, "state");
  const count = source.varint();
  if (count > MAX_STATE_VECTORS) throw source.corrupt(`at most ${MAX_STATE_VECTORS} vectors`, count);
  const lengths = new Map<string, number>();
  let [pieces, entries] = [1, 0];
  for (let i = 0; i < count; i++) {
    const name = new TextDecoder().decode(Uint8Array.from(source.bytes(source.varint())));
    const length = source.u32();
    entries += length;
    if (length > MAX_LENGTH || entries > most) throw source.corrupt(`at most ${most} entries in all`, entries);
    if (lengths.has(name)) throw source.corrupt("every name once", name);
    pieces += Math.ceil(length / PIECE);
    lengths.set(name, length);
  }
  source.end();
  if (pieces > MAX_PART) throw new CorruptError("state", { expected: `at most ${MAX_PART} pieces`, got: pieces });
  return new Map([...lengths].map(([name, length]) => [name, new Float32Array(length)]));
}

/** Each piece: its vector, and where in it it begins. */
function* piecesOf(vectors: readonly Float32Array[]): Generator<readonly [Float32Array, number]> {
  for (const values of vectors) for (let start = 0; start < values.length; start += PIECE) yield [values, start];
}
