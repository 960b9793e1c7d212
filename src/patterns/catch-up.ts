/**
 * Catching up: what a server keeps of decided rounds for members that were absent, and how a member applies it.
 *
 *     body  = first round it brings (u32), mode (u32: 0 messages, 1 state), …
 *     0:      for each missed round: attempt (u8), length (varint), the message as it was broadcast
 *     1:      the replica's state, then the shared memory of the channel, as plain f32
 *
 * Messages travel while they are smaller than the state; both ways lead to the same bits.
 * @see Philippenko & Dieuleveut 2020, "Artemis", arXiv:2006.14591; Sattler et al. 2019, arXiv:1903.02891 (server cache)
 */
import type { Random } from "../base/random.ts";
import type { Receiver, Sender } from "../channels/channel.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { MAX_VARINT_BYTES } from "../coding/limits.ts";
import { kernels } from "../kernels/index.ts";
import type { Replica } from "./pattern.ts";

interface Decided {
  readonly attempt: number;
  readonly message: Uint8Array;
}

const HEAD_BYTES = 8;

/** What a round weighs in a body. */
const weightOf = ({ message }: Decided): number => 1 + MAX_VARINT_BYTES + message.length;

/** The last decided broadcasts, as many as weigh less than the state. */
export class CatchUpLog {
  readonly #stateBytes: number;
  readonly #entries: Decided[] = [];
  #bytes = 0;
  #next: number;

  /** @param next the first round that is not decided yet @param stateBytes what the alternative weighs */
  constructor(next: number, stateBytes: number) {
    this.#next = next;
    this.#stateBytes = stateBytes;
  }

  /** Round `next` was decided with this broadcast. */
  add(attempt: number, message: Uint8Array): void {
    const entry = { attempt, message: message.slice() };
    this.#entries.push(entry);
    this.#bytes += weightOf(entry);
    this.#next += 1;
    while (this.#bytes > this.#stateBytes) this.#bytes -= weightOf(this.#entries.shift()!);
  }

  /** What brings a member that knows all rounds before `from` up to date. */
  since(from: number, replica: Replica, sender: Sender): Uint8Array {
    const missed = this.#entries.slice(Math.max(0, this.#entries.length - (this.#next - from)));
    const complete = missed.length === this.#next - from;
    const bytes = complete ? missed.reduce((sum, entry) => sum + weightOf(entry), 0) : this.#stateBytes;
    const into = new ByteSink(HEAD_BYTES + bytes).u32(from).u32(complete ? 0 : 1);
    if (complete) {
      for (const { attempt, message } of missed) into.u8(attempt).varint(message.length).bytes(message);
    } else {
      into.f32s(replica.state);
      for (const vector of sender.save().shared.values()) into.f32s(vector);
    }
    return into.written;
  }
}

/** What the state of a replica and the shared memory of its channel weigh on the wire. */
export function stateBytes(replica: Replica, sender: Sender): number {
  const shared = [...sender.save().shared.values()].reduce((sum, { length }) => sum + length, 0);
  return 4 * (replica.state.length + shared);
}

/**
 * Applies a body of `CatchUpLog.since`. Of a corrupt one, the rounds before the fault are applied.
 * @param from the first round that this member missed @param until the first one that it did not
 * @param rngOf the randomness of a round's broadcast
 * @throws {CorruptError} {NonFiniteError} if the state is not finite
 */
export function catchUp(
  body: Uint8Array,
  from: number,
  until: number,
  { replica, receiver, scratch }: { replica: Replica; receiver: Receiver; scratch: Float32Array },
  rngOf: (round: number, attempt: number) => Random,
): void {
  const source = new ByteSource(body, "catch-up");
  const first = source.u32();
  if (first !== from) throw source.corrupt(`what follows round ${from}`, first);
  const mode = source.u32();
  if (mode > 1) throw source.corrupt("mode 0 or 1", mode);
  if (mode === 1) {
    const { shared, private: own } = receiver.save();
    const finite = (count: number): Float32Array => {
      const values = source.f32s(count);
      if (!kernels.allFinite(values)) throw source.corrupt("finite entries", "NaN or infinity");
      return values;
    };
    const state = finite(replica.state.length);
    const memory = new Map([...shared].map(([name, vector]) => [name, finite(vector.length)]));
    source.end();
    replica.state.set(state);
    receiver.restore({ shared: memory, private: own });
    return;
  }
  for (let round = from; round < until; round++) {
    const attempt = source.u8();
    const message = source.bytes(source.varint());
    receiver.decode(message, scratch, rngOf(round, attempt));
    receiver.commit();
    replica.apply(scratch, round);
  }
  source.end();
}
