/**
 * The Peer of a program that runs in a compute worker. Frames are written, summed and checked here; the hub, in the
 * thread that started the workers, only routes and paces them.
 *
 * Several receivers of a large body read the same memory, so they must not write to it; it is free again when all have
 * recycled it. The clock is real, and so are deadlines; `work` takes the time it takes, whatever its `cost`. A frame that comes
 * damaged is dropped as if the wire had lost it, and the hub is told.
 */
import { Aborted, ConfigError, CorruptError, PeerLost } from "../../base/errors.ts";
import { Random } from "../../base/random.ts";
import { type Bytes, bytes, type Seconds, seconds } from "../../base/units.ts";
import { ByteSink } from "../../coding/bytes.ts";
import { FRAME_BYTES, type Frame, readFrame, writeFrame } from "../../coding/frame.ts";
import type { Clock, Envelope, Peer, Tag, WaitOptions } from "../../ports/peer.ts";
import type { PeerId, View } from "../../ports/view.ts";
import { Mailbox } from "../../rounds/mailbox.ts";
import { RecordingMeter } from "../../rounds/recording-meter.ts";
import { Arrivals } from "./arrivals.ts";
import { BlockPool, handBack, isShared, ownFrame, transferOf } from "./blocks.ts";
import { realTime } from "./clock.ts";
import { copyBytes } from "./copy-bytes.ts";
import { rebuildError } from "./crossed-error.ts";
import { after } from "./deadline.ts";
import { Eras } from "./eras.ts";
import { LandingPlaces } from "./landing.ts";
import { type Drop, type FromWorker, QUEUE_BYTES, type Start, type ToPeer } from "./protocol.ts";

/** Work without a pause keeps this thread's messages waiting no longer than this. */
const TURN: Seconds = seconds(0.02);

export type Post = (message: FromWorker, transfer: ArrayBuffer[]) => void;

export class WorkerPeer implements Peer {
  readonly id: PeerId;
  readonly clock: Clock;
  readonly rng: Random;
  readonly meter: RecordingMeter = new RecordingMeter();
  readonly #abort = new AbortController();
  readonly signal: AbortSignal = this.#abort.signal;
  readonly #mailbox: Mailbox;
  readonly #eras: Eras;
  /** Calls of `nextView` that wait for one. */
  #waitingForView: ((view: View) => void)[] = [];
  readonly #post: Post;
  readonly #pool = new BlockPool();
  readonly #landing = new LandingPlaces();
  readonly #arrivals = new Arrivals();
  /** The memory of large bodies that the program has or can claim, each a frame that is handed back once. */
  readonly #held = new WeakSet<ArrayBufferLike>();
  /** Bytes that may still lie in the hub's queue. */
  #queued = 0;
  #waitingForRoom: (() => void)[] = [];
  readonly #flushing: (() => void)[] = [];
  #together: (() => void) | undefined;
  #lastTurn: Seconds = realTime();

  constructor(start: Start, post: Post) {
    this.id = start.id;
    this.#eras = new Eras(start.view);
    this.clock = { now: () => seconds(realTime() - start.began) };
    this.rng = Random.fromSeed(start.seed);
    const { epoch } = start.view;
    this.#mailbox = new Mailbox({ owner: this.id, after, signal: this.signal, lost: this.#eras.lost, epoch });
    this.#post = post;
  }

  get view(): View {
    return this.#eras.view;
  }

  get outdated(): boolean {
    return this.#eras.outdated;
  }

  async send(to: PeerId | readonly PeerId[], tag: Tag, body: Uint8Array | readonly Uint8Array[]): Promise<void> {
    const receivers = typeof to === "number" ? [to] : to;
    this.#checkAborted("send");
    for (const id of receivers) this.#checkReceiver(id, tag);
    for (const [receiver, frame] of this.#frames(receivers, tag, body)) {
      const size = bytes(frame.length);
      this.meter.sent(receiver, size);
      this.#queued += size;
      this.#post({ type: "mail", to: receiver, frame, at: realTime() }, transferOf(frame));
    }
    if (this.#queued > QUEUE_BYTES) await this.#room();
  }

  flushed(): Promise<void> {
    return this.#unlessAborted("flushed", (resolve) => {
      this.#flushing.push(resolve);
      this.#post({ type: "flush" }, []);
    });
  }

  /** Resolves when all peers have called this. @throws {Aborted} */
  together(): Promise<void> {
    return this.#unlessAborted("together", (resolve) => {
      this.#together = resolve;
      this.#post({ type: "there" }, []);
    });
  }

  receive(from: PeerId, tag: Tag, options?: WaitOptions): Promise<Uint8Array> {
    this.#arrivals.look();
    return this.#mailbox.receive(from, tag, options);
  }

  receiveAny(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Envelope> {
    this.#arrivals.look();
    return this.#mailbox.receiveAny(from, tag, options);
  }

  gather(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Map<PeerId, Uint8Array>> {
    this.#arrivals.look();
    return this.#mailbox.gather(from, tag, options);
  }

  recycle(body: Uint8Array): void {
    if (this.#landing.release(body)) return;
    if (this.#held.delete(body.buffer)) handBack(body);
  }

  nextView(): Promise<View> {
    return this.#unlessAborted("nextView", (resolve) => {
      this.#waitingForView.push(resolve);
      this.#advance();
    });
  }

  expel(id: PeerId, why: string): void {
    this.#post({ type: "expel", id, why }, []);
  }

  async work<T>(label: string, _cost: Seconds | undefined, body: () => T | Promise<T>): Promise<T> {
    await this.#breathe();
    this.#checkAborted(`work "${label}"`);
    this.#arrivals.workBegins();
    const began = realTime();
    try {
      return await body();
    } finally {
      this.meter.spent(label, seconds(realTime() - began));
      this.#arrivals.workEnds();
    }
  }

  /** What the hub tells. */
  hear(message: ToPeer): void {
    if (message.type === "mail") this.deliver(message.from, message.frame, message.due);
    else if (message.type === "together") this.#together?.();
    else if (message.type === "room") this.addRoom(message.bytes);
    else if (message.type === "flushed") this.#flushing.shift()?.();
    else if (message.type === "lost") this.#arrivals.afterAll(() => this.lose(message.id, message.why));
    else if (message.type === "view") this.announce(message.view);
    else if (message.type === "entered") this.#arrivals.afterAll(() => this.enter(message.id, message.epoch));
    else this.abort(rebuildError(message.reason));
  }

  /** A frame came from the hub. @param due when the program has it; left out: now */
  deliver(from: PeerId, arrived: Uint8Array, due?: Seconds): void {
    const landed = this.#landing.land(arrived);
    if (landed !== undefined) handBack(arrived);
    const bytesOfFrame = landed ?? arrived;
    const frame = readIntact(bytesOfFrame, from);
    if (frame === undefined) this.#drop(from, "corrupt", bytesOfFrame);
    else if (due === undefined) this.#file(from, frame, bytes(bytesOfFrame.length));
    else this.#arrivals.at(due, () => this.#file(from, frame, bytes(bytesOfFrame.length)));
  }

  #file(from: PeerId, { header, body }: Frame, size: Bytes): void {
    this.meter.received(from, size);
    if (isShared(body)) this.#held.add(body.buffer); // before a wait can hand it to the program
    const delivery = this.#mailbox.deliver(from, header, body, header.epoch);
    if (delivery !== "taken") this.#drop(from, delivery, body);
  }

  /** Nothing comes any more. */
  close(): void {
    this.#arrivals.close();
  }

  /** The hub has passed on so many bytes of this peer. */
  addRoom(count: number): void {
    this.#queued -= count;
    if (this.#queued > QUEUE_BYTES) return;
    const waiting = this.#waitingForRoom;
    this.#waitingForRoom = [];
    for (const resolve of waiting) resolve();
  }

  /** A peer is gone from this view and those that follow, until one is announced that has it again. */
  lose(id: PeerId, why: string): void {
    this.#eras.lose(id, why);
    this.#mailbox.lose(id, why);
    this.#pool.forget();
  }

  /** A view follows the newest. */
  announce(view: View): void {
    this.#eras.announce(view);
    this.#advance();
  }

  /** A peer has gone on to a view: it is lost to older ones. */
  enter(id: PeerId, epoch: number): void {
    const why = this.#eras.enter(id, epoch);
    if (why !== undefined) this.#mailbox.lose(id, why);
  }

  abort(reason: unknown): void {
    this.#abort.abort(reason);
  }

  /** One frame per receiver: the same shared block for all, or a buffer for each. */
  #frames(
    receivers: readonly PeerId[],
    tag: Tag,
    body: Uint8Array | readonly Uint8Array[],
  ): readonly (readonly [PeerId, Uint8Array])[] {
    if (receivers.length === 0) return [];
    const bodyBytes = body instanceof Uint8Array ? body.length : body.reduce((sum, part) => sum + part.length, 0);
    const shared = this.#pool.take(FRAME_BYTES + bodyBytes, receivers.length);
    const frame = shared ?? ownFrame(bodyBytes);
    const { kind, round, attempt = 0, part = 0 } = tag;
    const header = { kind, round, attempt, part, epoch: this.view.epoch, sender: this.id };
    const place = shared && this.#landing.place(shared.length);
    writeFrame(header, body, new ByteSink(place ?? frame));
    if (place !== undefined) {
      copyBytes(place, frame);
      this.#landing.release(place);
    }
    return receivers.map((id, i) => [id, shared ?? (i === 0 ? frame : frame.slice())]);
  }

  /** Goes on to the newest view if the program asked for one. */
  #advance(): void {
    if (this.#waitingForView.length === 0) return;
    const view = this.#eras.advance();
    if (view === undefined) return;
    this.#mailbox.enter(view.epoch, this.#eras.lost);
    this.#post({ type: "entered", epoch: view.epoch }, []);
    const waiting = this.#waitingForView;
    this.#waitingForView = [];
    for (const resolve of waiting) resolve(view);
  }

  #room(): Promise<void> {
    return this.#unlessAborted("send", (resolve) => this.#waitingForRoom.push(resolve));
  }

  /** Every 20 ms lets messages in, for a program that never waits for any: mail, an abort, a request to stop. */
  async #breathe(): Promise<void> {
    if (realTime() - this.#lastTurn < TURN) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#lastTurn = realTime();
  }

  #drop(from: PeerId, why: Drop["why"], frame: Uint8Array): void {
    if (!this.#landing.release(frame)) {
      this.#held.delete(frame.buffer);
      handBack(frame);
    }
    this.#post({ type: "drop", drop: { from, to: this.id, why } }, []);
  }

  #checkReceiver(id: PeerId, tag: Tag): void {
    const where = `peer ${this.id}: send of ${tag.kind}, round ${tag.round}`;
    if (id === this.id) throw new ConfigError(where, { expected: "another peer", got: `peer ${id} itself` });
    const why = this.view.members.includes(id) ? this.#eras.lost.get(id) : "it is no member of the view";
    if (why !== undefined) throw new PeerLost(where, { expected: `peer ${id} to be there`, got: why });
  }

  #checkAborted(call: string): void {
    if (this.signal.aborted) throw this.#aborted(call);
  }

  #unlessAborted<T>(call: string, start: (resolve: (value: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = () => reject(this.#aborted(call));
      if (this.signal.aborted) return stop();
      this.signal.addEventListener("abort", stop, { once: true });
      start((value) => {
        this.signal.removeEventListener("abort", stop);
        resolve(value);
      });
    });
  }

  #aborted(call: string): Aborted {
    return new Aborted(`peer ${this.id}: ${call}`, {
      expected: "to go on",
      got: "an abort",
      cause: this.signal.reason,
    });
  }
}

function readIntact(bytesOfFrame: Uint8Array, from: PeerId): Frame | undefined {
  try {
    const frame = readFrame(bytesOfFrame);
    return frame.header.sender === from ? frame : undefined;
  } catch (error) {
    if (error instanceof CorruptError) return undefined;
    throw error;
  }
}
