/**
 * Passes frames on between workers: at once, or with the time at which a wire would have brought them.
 */
import { bytes, type Seconds, seconds } from "../../base/units.ts";
import type { PeerId } from "../../ports/view.ts";
import type { Link } from "../../simulation/link.ts";
import { Alarm } from "./alarm.ts";
import { realTime } from "./clock.ts";
import { Pacer } from "./pacer.ts";
import { ROOM_STEP_BYTES } from "./protocol.ts";

/** What a router tells. */
export interface Routes {
  /** @param due when the receiver has it, by `realTime`; left out: now */
  passOn(from: PeerId, to: PeerId, frame: Uint8Array, due?: Seconds): void;
  /** So many bytes of this peer left the queue since the last time. */
  room(id: PeerId, count: number): void;
  /** All that this peer had sent when it asked has left its up port. */
  flushed(id: PeerId): void;
  /** A peer that ended has nothing here any more. */
  cleared(id: PeerId): void;
}

export interface Router {
  /** @param at when the frame was sent, by `realTime` */
  send(from: PeerId, to: PeerId, frame: Uint8Array, at: Seconds): void;
  /** Asks to hear when all that this peer has sent has left its up port. */
  flush(id: PeerId): void;
  /** No more frames will come from this peer. */
  end(id: PeerId): void;
  /** Nobody is left to pass anything on to. */
  close(): void;
}

export function unpacedRouter(routes: Routes): Router {
  const room = new Room(routes);
  return {
    send(from, to, frame) {
      room.add(from, frame.length);
      routes.passOn(from, to, frame);
    },
    flush: (id) => routes.flushed(id),
    end: (id) => routes.cleared(id),
    close: () => {},
  };
}

/** @throws {ConfigError} if a link is none */
export const pacedRouter =
  (members: readonly PeerId[], link: Link | ((id: PeerId) => Link)) =>
  (routes: Routes): Router =>
    new PacedRouter(members, link, routes);

class PacedRouter implements Router {
  readonly #routes: Routes;
  readonly #pacer: Pacer<Uint8Array>;
  readonly #alarm = new Alarm(() => this.#advance());
  readonly #underWay = new Map<PeerId, number>();
  readonly #ended = new Set<PeerId>();

  constructor(members: readonly PeerId[], link: Link | ((id: PeerId) => Link), routes: Routes) {
    const room = new Room(routes);
    this.#routes = routes;
    this.#pacer = new Pacer<Uint8Array>(members, typeof link === "function" ? link : () => link, {
      left: (from, size) => room.add(from, size),
      arrives: (from, to, frame, due) => {
        routes.passOn(from, to, frame, due);
        this.#count(from, -1);
      },
    });
  }

  send(from: PeerId, to: PeerId, frame: Uint8Array, at: Seconds): void {
    this.#count(from, 1);
    this.#pacer.send(seconds(Math.min(at, realTime())), from, to, bytes(frame.length), frame);
    this.#advance();
  }

  flush(id: PeerId): void {
    this.#pacer.flush(realTime(), id, () => this.#routes.flushed(id));
    this.#advance();
  }

  end(id: PeerId): void {
    this.#ended.add(id);
    this.#count(id, 0);
  }

  close(): void {
    this.#alarm.set(seconds(Number.POSITIVE_INFINITY));
  }

  #advance(): void {
    this.#pacer.advance(realTime());
    this.#alarm.set(this.#pacer.next);
  }

  #count(id: PeerId, change: number): void {
    const underWay = (this.#underWay.get(id) ?? 0) + change;
    this.#underWay.set(id, underWay);
    if (underWay === 0 && this.#ended.has(id)) this.#routes.cleared(id);
  }
}

/** Adds up what left, and tells in steps: most frames need no answer of their own. */
class Room {
  readonly #routes: Routes;
  readonly #left = new Map<PeerId, number>();

  constructor(routes: Routes) {
    this.#routes = routes;
  }

  add(id: PeerId, count: number): void {
    const left = (this.#left.get(id) ?? 0) + count;
    this.#left.set(id, left < ROOM_STEP_BYTES ? left : 0);
    if (left >= ROOM_STEP_BYTES) this.#routes.room(id, left);
  }
}
