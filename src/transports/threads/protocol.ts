/**
 * What the hub and its compute workers tell each other through a worker's port. Plain data; frames are transferred, or
 * lie in memory that both share.
 */
import type { Seconds } from "../../base/units.ts";
import type { PeerId, View } from "../../ports/view.ts";
import type { CrossedError } from "./crossed-error.ts";
import type { FrameReference } from "./references.ts";

/** What a worker is started with. */
export interface Start {
  readonly id: PeerId;
  readonly view: View;
  readonly seed: number;
  /** When the run began, by `realTime`. */
  readonly began: Seconds;
  /** For the program. */
  readonly data: unknown;
}

export type ToWorker =
  /** The frame is the program's from `due` on, by `realTime`; at once where that is left out. */
  | { readonly type: "mail"; readonly from: PeerId; readonly frame: Uint8Array; readonly due?: Seconds }
  /** All peers were there. */
  | { readonly type: "together" }
  /** Frames of so many bytes left the worker's queue since the last such message. */
  | { readonly type: "room"; readonly bytes: number }
  /** All that the worker had sent when it asked has left its up port. */
  | { readonly type: "flushed" }
  /** A peer ended; all mail that it left has been passed on. */
  | { readonly type: "lost"; readonly id: PeerId; readonly why: string }
  /** A view follows; the program goes on to it when it asks for the next. */
  | { readonly type: "view"; readonly view: View }
  /** A peer has gone on to a view; all mail that it sent before has been passed on. */
  | { readonly type: "entered"; readonly id: PeerId; readonly epoch: number }
  | { readonly type: "abort"; readonly reason: CrossedError }
  /** To a worker that serves stays, when it is ready and no program runs: its peer is a member from here on. */
  | { readonly type: "begin"; readonly start: Start }
  /** There will be no other stay. */
  | { readonly type: "close" }
  | { readonly type: "post"; readonly message: unknown };

/** What of this is for the peer, not for the program or the thread. */
export type ToPeer = Exclude<ToWorker, { readonly type: "post" | "begin" | "close" }>;

/** Of this, what carries no mail. */
export type Word = Exclude<ToWorker, { readonly type: "mail" }>;

export type FromWorker =
  /** A worker that serves stays has set up what they need. */
  | { readonly type: "ready" }
  /** `at` is when the program sent it, by `realTime`: how long this thread takes to look is not the wire's time. */
  | { readonly type: "mail"; readonly to: PeerId; readonly frame: Uint8Array; readonly at: Seconds }
  | { readonly type: "drop"; readonly drop: Drop }
  /** The program found a member at fault. */
  | { readonly type: "expel"; readonly id: PeerId; readonly why: string }
  /** Asks to be told when all peers have asked this. */
  | { readonly type: "there" }
  /** Asks to be told when all that was sent has left. */
  | { readonly type: "flush" }
  /** The program has gone on to a view. */
  | { readonly type: "entered"; readonly epoch: number }
  | { readonly type: "post"; readonly message: unknown }
  | { readonly type: "done"; readonly result: unknown }
  | { readonly type: "failed"; readonly error: CrossedError };

/** A message as it crosses a port: its frame, if it has one, by reference. */
export type Crossing<M> = M extends { readonly frame: Uint8Array }
  ? Omit<M, "frame"> & { readonly frame: FrameReference }
  : M;

/** A frame that came and was not kept, as if it had been lost: `corrupt`, or what the mailbox says. */
export interface Drop {
  readonly from: PeerId;
  readonly to: PeerId;
  readonly why: "corrupt" | "duplicate" | "stale" | "refused";
}

/** Bytes that one peer may have in the hub's queue before its `send` waits. */
export const QUEUE_BYTES: number = 16 * 2 ** 20;

/** The hub tells of room in steps of at least this much, so that small frames need no answer each. */
export const ROOM_STEP_BYTES: number = 4 * 2 ** 20;
