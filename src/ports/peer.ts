/**
 * Peer: the only door to the outside. Mail, clock, randomness and membership come through it and from nowhere else, so
 * the same program runs in the simulator, on worker threads and over sockets. Every `await` of a pattern or a recipe is
 * a call of this port; model calls and data reads happen inside `work`.
 */
import type { Random } from "../base/random.ts";
import type { Seconds } from "../base/units.ts";
import type { Meter } from "./meter.ts";
import type { PeerId, View } from "./view.ts";

/** What a message is about; the number is its kind on the wire. New kinds are added at the end, numbers never reused. */
export const KINDS = { up: 1, down: 2, state: 3, control: 4, view: 5, test: 255 } as const;
export type Kind = keyof typeof KINDS;

/** The name of a message between two peers; (sender, tag) is used once per view epoch. */
export interface Tag {
  readonly kind: Kind;
  /** 0 … 2³² − 1. */
  readonly round: number;
  /** How often this round was undone before; 0 … 255, default 0. */
  readonly attempt?: number;
  /** Part of the vector, or bucket; 0 … 65 535, default 0. */
  readonly part?: number;
}

export interface WaitOptions {
  /** From now; without it the wait ends only with mail, a lost peer or an abort. */
  readonly deadline?: Seconds;
}

export interface Envelope {
  readonly from: PeerId;
  readonly body: Uint8Array;
}

export interface Clock {
  /** Time since the run began: virtual in the simulator, real elsewhere. */
  now(): Seconds;
}

export interface Peer {
  readonly id: PeerId;
  readonly view: View;
  /** There is a newer view than `view`. */
  readonly outdated: boolean;
  readonly clock: Clock;
  /** The job's randomness; split it by name, never draw from it directly. */
  readonly rng: Random;
  readonly meter: Meter;
  /** Aborted when the run is torn down; every wait then rejects with `Aborted`. */
  readonly signal: AbortSignal;

  /**
   * Sends one body to one or several peers; a body may be given in parts, which arrive joined. It is copied before the
   * promise resolves, and once only however many receive it; the caller may then overwrite it. Resolves when the queue
   * has room.
   * @throws {PeerLost} if a receiver is known to be gone; {Aborted}
   */
  send(to: PeerId | readonly PeerId[], tag: Tag, body: Uint8Array | readonly Uint8Array[]): Promise<void>;

  /** Resolves once all that was sent has left this peer's up port. Absent in an adapter that cannot tell. @throws {Aborted} */
  flushed?(): Promise<void>;

  /**
   * The body that `from` sent under `tag`, whether it came before or comes after this call. Each message is received
   * once; a withdrawn or timed-out wait consumes none. The body is for reading only, since receivers of one broadcast may
   * share its memory, and the caller's until handed back by `recycle`.
   * @throws {PeerLost | DeadlineError | Aborted}
   */
  receive(from: PeerId, tag: Tag, options?: WaitOptions): Promise<Uint8Array>;

  /** The first body under `tag` from any of `from`. @throws {PeerLost} when all are gone; {DeadlineError | Aborted} */
  receiveAny(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Envelope>;

  /**
   * One body from each of `from`. With a deadline, resolves at it with those that came; peers that are lost are absent
   * from the map. @throws {Aborted}
   */
  gather(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Map<PeerId, Uint8Array>>;

  /** Hands a received body back for reuse; the caller must not touch it again. Optional, and a no-op in some adapters. */
  recycle(body: Uint8Array): void;

  /**
   * The next view, once membership changes. From then on this peer sends and receives in it, and is lost to those who stay
   * in an older one, once they have claimed what it sent there. @throws {Aborted}
   */
  nextView(): Promise<View>;

  /**
   * A member is at fault, as for mail that does not decode: it is dropped, a view without it follows, and it does not come
   * back to this run. Without effect, or absent, where members neither come nor go.
   */
  expel?(id: PeerId, why: string): void;

  /**
   * Runs `body`: real time is metered under `label`, and `cost` is charged to the clock where time is virtual
   * (`undefined` charges the measured time, 0 nothing).
   */
  work<T>(label: string, cost: Seconds | undefined, body: () => T | Promise<T>): Promise<T>;
}

/** A key under which mail of a tag is filed; equal for equal tags. A number, which is found faster, for most. */
export const tagKey = ({ kind, round, attempt = 0, part = 0 }: Tag): number | string =>
  attempt === 0 && part === 0 ? round * 256 + KINDS[kind] : `${kind}/${round}/${attempt}/${part}`;
