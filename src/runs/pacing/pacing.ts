/**
 * Pacing: peers measure their wires and turn the dials of their compressors, so that a round ends for all at once.
 *
 *     now and then, at the end of round r
 *     each peer:               its readings f, a                         → rank 0
 *     rank 0, a round later:   T = median (f_i + a_i start)              → all
 *     each, two rounds later:  turns its dials (`controller.ts`)
 *
 * Of what is sent up, f is the time until a peer sends; what is sent down has a T of its own, with f = 0. These messages of a
 * few bytes leave right behind those of a round and are there before those of the next one. So nobody waits for them: what
 * is late or lost is left aside, and the dials stay.
 */
import { CorruptError, PeerLost } from "../../base/errors.ts";
import { seconds } from "../../base/units.ts";
import { ByteSink, ByteSource } from "../../coding/bytes.ts";
import type { Dial } from "../../compressors/compressor.ts";
import type { Tag } from "../../ports/peer.ts";
import type { PeerId } from "../../ports/view.ts";
import { type Reading, roundTime, timeAt, turned } from "./controller.ts";
import type { Sendings, TimedPeer } from "./timed-peer.ts";

export const DIRECTIONS = ["up", "down"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** The dials of one peer's compressors: of what workers send, and of what is sent back. */
export type Dials = Readonly<Record<Direction, Dial | undefined>>;

/** A dial was turned, and what that rests on. */
export interface Decision {
  readonly peer: PeerId;
  /** Rounds done. */
  readonly round: number;
  readonly seconds: number;
  readonly direction: Direction;
  /** Settings of the dial. */
  readonly from: number;
  readonly to: number;
  /** T, and this peer's own time before and after, in seconds. */
  readonly target: number;
  readonly tookSeconds: number;
  readonly takesSeconds: number;
}

type PerDirection<T> = Readonly<Record<Direction, T>>;

/** Rounds from one look to the next. */
const EVERY = 10;
/** The first look comes early: what a run begins with may be far off. */
const FIRST = 1;
const NO_WAIT = { deadline: seconds(0) };

export class Pacing {
  readonly #peer: TimedPeer;
  readonly #dials: Dials;
  /** Where the dials were at first: what a typical peer is to send. */
  readonly #start: PerDirection<number>;
  readonly #smoothed = new Map<Direction, Reading>();
  /** The round after which this peer last told its readings, and what they were. */
  #told: { readonly round: number; readonly epoch: number; readonly readings: PerDirection<Reading> } | undefined;

  constructor(peer: TimedPeer, dials: Dials) {
    this.#peer = peer;
    this.#dials = dials;
    this.#start = { up: settingOf(dials.up), down: settingOf(dials.down) };
  }

  /** A round begins. */
  begin(): void {
    this.#peer.begin();
  }

  /** A round was decided. @returns what was turned */
  async end(round: number): Promise<Decision[]> {
    if (round === FIRST || round % EVERY === EVERY - 1) await this.#tell(round);
    const told = this.#told;
    if (told === undefined || told.epoch !== this.#peer.view.epoch) return [];
    const target =
      this.#first === this.#peer.id ? await this.#decide(told.round, round) : await this.#hear(told.round, round);
    if (target === undefined) return [];
    this.#told = undefined;
    const decisions = DIRECTIONS.flatMap((direction) => this.#turn(direction, told.readings, target, round));
    this.#peer.take(); // what was measured with the old settings
    return decisions;
  }

  async #tell(round: number): Promise<void> {
    const sendings = this.#peer.take();
    if (sendings.bytes.size === 0) return; // nothing was sent, or nobody could measure it
    const readings = {
      up: this.#smooth("up", this.#reading("up", sendings)),
      down: this.#smooth("down", this.#reading("down", sendings)),
    };
    this.#told = { round, epoch: this.#peer.view.epoch, readings };
    if (this.#first === this.#peer.id) return;
    const { up, down } = readings;
    const body = new ByteSink(12).f32(up.before).f32(up.perUnit).f32(down.perUnit).written;
    await this.#send(this.#first, tagOf(round, "readings"), body);
  }

  /** To peers that may have ended: whoever needs them for more than this will notice. */
  async #send(to: PeerId | readonly PeerId[], tag: Tag, body: Uint8Array): Promise<void> {
    try {
      await this.#peer.send(to, tag, body);
    } catch (error) {
      if (!(error instanceof PeerLost)) throw error;
    }
  }

  #reading(direction: Direction, { busy, bytes, before, rounds }: Sendings): Reading {
    const all = [...bytes.values()].reduce((sum, n) => sum + n, 0);
    const own = bytes.get(direction) ?? 0;
    const perRound = all === 0 ? 0 : (busy * own) / all / rounds;
    return {
      before: direction === "up" ? before / rounds : 0,
      perUnit: perRound / settingOf(this.#dials[direction]),
    };
  }

  /** Half of what was told before, half of what was measured since. */
  #smooth(direction: Direction, now: Reading): Reading {
    const before = this.#smoothed.get(direction) ?? now;
    const smoothed = {
      before: (before.before + now.before) / 2,
      perUnit: (before.perUnit + now.perUnit) / 2,
    };
    this.#smoothed.set(direction, smoothed);
    return smoothed;
  }

  /** At rank 0, a round after it was told: the targets, for all. */
  async #decide(told: number, round: number): Promise<PerDirection<number | undefined> | undefined> {
    if (round !== told + 1) return undefined;
    const others = this.#peer.view.members.slice(1);
    const bodies = await this.#peer.gather(others, tagOf(told, "readings"), NO_WAIT);
    const readings = [
      this.#told!.readings,
      ...[...bodies.values()].flatMap((body) => unlessCorrupt(readReadings, body) ?? []),
    ];
    const target = (direction: Direction) =>
      roundTime(
        readings.map((reading) => reading[direction]),
        this.#start[direction],
      );
    const targets = { up: target("up"), down: target("down") };
    if (others.length > 0) {
      const body = new ByteSink(8).f32(targets.up ?? 0).f32(targets.down ?? 0).written;
      await this.#send(others, tagOf(told, "targets"), body);
    }
    return targets;
  }

  /** Elsewhere, a round later still. */
  async #hear(told: number, round: number): Promise<PerDirection<number | undefined> | undefined> {
    if (round !== told + 2) return undefined;
    const bodies = await this.#peer.gather([this.#first], tagOf(told, "targets"), NO_WAIT);
    const body = bodies.get(this.#first);
    return body && unlessCorrupt(readTargets, body);
  }

  #turn(
    direction: Direction,
    readings: PerDirection<Reading>,
    targets: PerDirection<number | undefined>,
    round: number,
  ): Decision[] {
    const dial = this.#dials[direction];
    const target = targets[direction];
    const reading = readings[direction];
    const uses = direction === "up" ? this.#peer.view.workers.includes(this.#peer.id) : reading.perUnit > 0;
    if (dial === undefined || target === undefined || !uses) return [];
    const [from, next] = [settingOf(dial), turned(dial.settings, dial.position, reading, target)];
    if (next === dial.position) return [];
    dial.position = next;
    const to = settingOf(dial);
    return [
      {
        peer: this.#peer.id,
        round: round + 1,
        seconds: this.#peer.clock.now(),
        direction,
        from,
        to,
        target,
        tookSeconds: timeAt(reading, from),
        takesSeconds: timeAt(reading, to),
      },
    ];
  }

  get #first(): PeerId {
    return this.#peer.view.members[0]!;
  }
}

/** @throws {CorruptError} */
/** These messages are advice: what does not decode is left aside. */
function unlessCorrupt<T>(read: (body: Uint8Array) => T, body: Uint8Array): T | undefined {
  try {
    return read(body);
  } catch (error) {
    if (error instanceof CorruptError) return undefined;
    throw error;
  }
}

function readTargets(body: Uint8Array): PerDirection<number | undefined> {
  const source = new ByteSource(body, "targets of a round");
  const [up, down] = [source.finite(), source.finite()];
  source.end();
  return { up: up > 0 ? up : undefined, down: down > 0 ? down : undefined };
}

function readReadings(body: Uint8Array): PerDirection<Reading> {
  const source = new ByteSource(body, "readings of a peer");
  const time = (): number => {
    const value = source.finite();
    if (value < 0) throw source.corrupt("a time from 0", value);
    return value;
  };
  const [before, up, down] = [time(), time(), time()];
  source.end();
  return { up: { before, perUnit: up }, down: { before: 0, perUnit: down } };
}

/** 1 where there is no dial, so that readings are of the whole message. */
const settingOf = (dial: Dial | undefined): number => dial?.settings[dial.position] ?? 1;

const PARTS = { readings: 1, targets: 2 } as const;
const tagOf = (round: number, what: keyof typeof PARTS): Tag => ({ kind: "control", round, part: PARTS[what] });
