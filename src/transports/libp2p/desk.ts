/**
 * Desk: where a stay and its program's peer talk, here or in a worker. What the peer is told before there is one waits.
 */
import { assert } from "../../base/errors.ts";
import type { PeerId } from "../../ports/view.ts";
import { handBack } from "../threads/blocks.ts";
import { ROOM_STEP_BYTES, type ToPeer } from "../threads/protocol.ts";
import type { Links } from "./links.ts";

/** What a peer is told: in this thread, or through the port of its worker. */
export type PeerMessage = ToPeer;
export type Desk = (message: PeerMessage) => void;

export class FrontDesk {
  #desk: Desk | undefined;
  #untold: PeerMessage[] = [];
  /** Bytes that left since the peer was told of room. */
  #left = 0;
  #flushed: Promise<void> = Promise.resolve();

  /** What the peer is told from here on, and what it was to be told before; once. */
  attach(desk: Desk): void {
    assert(this.#desk === undefined, "a stay has one peer");
    this.#desk = desk;
    const untold = this.#untold;
    this.#untold = [];
    for (const message of untold) desk(message);
  }

  tell(message: PeerMessage): void {
    if (this.#desk === undefined) this.#untold.push(message);
    else this.#desk(message);
  }

  /** The peer sends a frame. */
  mail(links: Links, to: PeerId, frame: Uint8Array): void {
    const gone = () => {
      handBack(frame);
      this.#left += frame.length;
      if (this.#left < ROOM_STEP_BYTES) return;
      this.tell({ type: "room", bytes: this.#left });
      this.#left = 0;
    };
    const link = links.get(to);
    if (link === undefined) gone();
    else link.mail(frame, gone);
  }

  /** The peer asks whether its mail has come. Questions are asked at once and answered in order. */
  flush(links: Links): void {
    const arrived = links.arrived();
    this.#flushed = this.#flushed.then(() => arrived).then(() => this.tell({ type: "flushed" }));
  }
}
