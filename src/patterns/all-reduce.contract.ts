/**
 * Swarms in which patterns without a server are tried.
 */
import { flatLayout, type Layout } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { bitsPerSecond, type Seconds, seconds } from "../base/units.ts";
import type { Peer } from "../ports/peer.ts";
import { type PeerId, peerId, type View } from "../ports/view.ts";
import { RecordingMeter, total } from "../rounds/recording-meter.ts";
import type { Round } from "../rounds/round.ts";
import type { Link } from "../simulation/link.ts";
import { simulate } from "../simulation/simulate.ts";
import { openAlone } from "./open-alone.ts";
import type { Pattern, PatternSettings } from "./pattern.ts";

export const FREE: PatternSettings = { codecCost: seconds(0) };
export const FIRST: Round = { number: 0, attempt: 0 };
/** Powers of two and others. */
export const SIZES: readonly number[] = [1, 2, 3, 5, 8];

export const viewOf = (n: number): View => {
  const members = Array.from({ length: n }, (_, i) => peerId(i));
  return { epoch: 0, members, workers: members };
};

export const run = async <T>(view: View, program: (peer: Peer) => Promise<T>): Promise<readonly T[]> =>
  (await simulate({ view, seed: 1 }, program)).results;

export const normals = (name: string, length: number): Float32Array => {
  const rng = Random.fromSeed(7).split(name);
  return Float32Array.from({ length }, (_, j) => rng.normal(j));
};

/** What every member has after a round. */
export const once = (
  pattern: Pattern,
  own: readonly Float32Array[],
  layout?: Layout,
): Promise<readonly Float32Array[]> =>
  run(viewOf(own.length), async (peer) => {
    const { length } = own[0]!;
    const out = new Float32Array(length);
    await openAlone(pattern, peer, layout ?? flatLayout(length), FREE).average(own[peer.id]!, out, FIRST, 0);
    return out;
  });

/** Bytes sent by each member, and virtual time, of a round on shaped wires. */
export async function measure(
  pattern: Pattern,
  { n, length, link }: { readonly n: number; readonly length: number; readonly link: Link | ((id: PeerId) => Link) },
): Promise<{ readonly sent: readonly number[]; readonly took: Seconds }> {
  const view = viewOf(n);
  const meters = view.members.map(() => new RecordingMeter());
  const { seconds: took } = await simulate({ view, seed: 1, link, meter: (id) => meters[id]! }, async (peer) => {
    const out = new Float32Array(length);
    await openAlone(pattern, peer, flatLayout(length), FREE).average(normals(`${peer.id}`, length), out, FIRST, 0);
  });
  return { sent: meters.map((meter) => total(meter.totals().sent)), took };
}

/** A megabyte a second both ways, and 10 ms to anyone. */
export const LINK: Link = { up: bitsPerSecond(8e6), down: bitsPerSecond(8e6), latency: seconds(0.01) };
