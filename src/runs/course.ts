/**
 * How far a peer has come in its run, and among whom.
 */
import { type Seconds, seconds } from "../base/units.ts";
import type { Peer } from "../ports/peer.ts";
import { rankOf, type View } from "../ports/view.ts";
import type { LocalTensors } from "../recipes/local-tensors.ts";
import type { Learner, Method } from "../recipes/method.ts";
import type { PeerSetup } from "./host.ts";

/** A peer in its run. */
export interface Participant {
  readonly peer: Peer;
  readonly setup: PeerSetup;
  readonly learner: Learner;
  readonly course: Course;
  /** What it keeps to itself; undefined where everything is exchanged. */
  readonly localTensors: LocalTensors | undefined;
}

export class Course {
  /** Rounds done when the run began. */
  start: number;
  /** Rounds done. */
  round: number;
  /** How often the round to come was undone. */
  attempt = 0;
  /** Exchanges made in this run. */
  exchanges = 0;
  /** Attempts that were undone for a new view. */
  undone = 0;
  /** This peer has trained, or began with all others. */
  veteran: boolean;
  /** The view whose members this peer agreed with last, its rank there, and H of a decentralised method. */
  view: View;
  rank: number;
  hops: number | undefined;
  readonly #peer: Peer;
  readonly #method: Method;
  #began: Seconds;

  constructor(peer: Peer, method: Method, round: number, veteran: boolean) {
    this.#peer = peer;
    this.#method = method;
    this.start = round;
    this.round = round;
    this.veteran = veteran;
    this.view = peer.view;
    this.rank = rankOf(peer.view, peer.id);
    this.hops = method.hops?.(peer.view);
    this.#began = peer.clock.now();
  }

  /** Goes on in the view that the peer is in now. */
  enter(): void {
    this.view = this.#peer.view;
    this.rank = rankOf(this.view, this.#peer.id);
    this.hops = this.#method.hops?.(this.view);
  }

  get elapsed(): Seconds {
    return seconds(this.#peer.clock.now() - this.#began);
  }

  /** What comes to pass meanwhile takes none of the run's time. */
  async apart<T>(doing: () => Promise<T>): Promise<T> {
    const before = this.elapsed;
    const done = await doing();
    this.#began = seconds(this.#began + this.elapsed - before);
    return done;
  }
}
