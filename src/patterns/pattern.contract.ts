/**
 * The contract of every pattern, run over the simulator's laws by its caller: all members get the same bits, the mean of
 * uncompressed vectors is their mean, notes reach everyone, and a restored exchange continues bit for bit.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flatLayout } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import type { NamedVectors } from "../base/state.ts";
import type { Peer } from "../ports/peer.ts";
import { peerId, rankOf, type View } from "../ports/view.ts";
import { type Alone, openAlone } from "./open-alone.ts";
import type { Exchange, Pattern } from "./pattern.ts";

export type RunPeers = <T>(view: View, program: (peer: Peer) => Promise<T>) => Promise<readonly T[]>;

export interface PatternCase {
  readonly name: string;
  /** Its channels must be exact. */
  readonly uncompressed: Pattern;
  /** With memory in its channels. */
  readonly compressed: Pattern;
  /** May a member be no worker? */
  readonly ownServer: boolean;
  /** How many workers; default 1, 2 and 5. */
  readonly sizes?: readonly number[];
  /** What becomes of the members' vectors, zeros at one that is no worker; default the mean of the workers'. */
  readonly expected?: (vectors: readonly Float32Array[]) => ArrayLike<number>;
}

const LENGTH = 37;
const SETTINGS = { codecCost: undefined };

export function patternContract({ name, uncompressed, compressed, ...options }: PatternCase, run: RunPeers): void {
  const { ownServer, sizes = [1, 2, 5], expected: rule } = options;
  const views = [...sizes.map(workersOnly), ...(ownServer ? [withServer(1), withServer(4)] : [])];

  for (const view of views) {
    const label = `${name}, ${view.members.length} members, ${view.workers.length} workers`;

    test(`${label}: uncompressed, every member gets the ${rule === undefined ? "mean" : "aggregate"} of the workers' vectors`, async () => {
      const results = await run(view, async (peer) => {
        const exchange = openAlone(uncompressed, peer, flatLayout(LENGTH), SETTINGS);
        const out = new Float32Array(LENGTH);
        await exchange.average(shareOf(peer, 0), out, { number: 0, attempt: 0 }, 0);
        return out;
      });
      const vectors = view.members.map((id) => (view.workers.includes(id) ? share(id, 0) : new Float32Array(LENGTH)));
      const expected = rule?.(vectors) ?? sumOf(vectors).map((sum) => sum / view.workers.length);
      for (let i = 0; i < LENGTH; i++) assert.ok(Math.abs(results[0]![i]! - expected[i]!) < 1e-6, `entry ${i}`);
      for (const result of results) assert.deepEqual(result, results[0]);
    });

    test(`${label}: compressed, every member gets the same bits in every round`, async () => {
      const results = await run(view, (peer) =>
        rounds(peer, openAlone(compressed, peer, flatLayout(LENGTH), SETTINGS), 0, 6),
      );
      for (const result of results) assert.deepEqual(result.outs, results[0]!.outs);
      assert.ok(results[0]!.outs.some((out) => out.some((value) => value !== 0)));
    });

    test(`${label}: an exchange restored after three rounds continues bit for bit`, async () => {
      const whole = await run(view, (peer) =>
        rounds(peer, openAlone(compressed, peer, flatLayout(LENGTH), SETTINGS), 0, 6),
      );
      const half = await run(view, (peer) =>
        rounds(peer, openAlone(compressed, peer, flatLayout(LENGTH), SETTINGS), 0, 3),
      );
      const rest = await run(view, (peer) => {
        const exchange = openAlone(compressed, peer, flatLayout(LENGTH), SETTINGS);
        exchange.restore(half[rankOf(view, peer.id)]!.state);
        return rounds(peer, exchange, 3, 6);
      });
      for (const [rank, { outs }] of rest.entries()) assert.deepEqual(outs, whole[rank]!.outs.slice(3));
    });

    test(`${label}: a round that any member gives a note leaves no trace`, async () => {
      const plain = await run(view, (peer) =>
        rounds(peer, openAlone(compressed, peer, flatLayout(LENGTH), SETTINGS), 0, 4),
      );
      for (const who of view.members) {
        const disturbed = await run(view, async (peer) => {
          const exchange = openAlone(compressed, peer, flatLayout(LENGTH), SETTINGS);
          const before = await rounds(peer, exchange, 0, 2);
          const out = new Float32Array(LENGTH).fill(7);
          const told = who === peer.id ? 1 : 0;
          const heard = await exchange.average(shareOf(peer, 99), out, { number: 2, attempt: 9 }, told);
          assert.equal(heard, 1);
          assert.ok(out.every((value) => value === 7));
          const after = await rounds(peer, exchange, 2, 4);
          return [...before.outs, ...after.outs];
        });
        for (const [rank, outs] of disturbed.entries()) assert.deepEqual(outs, plain[rank]!.outs);
      }
    });

    test(`${label}: the largest note told by any member reaches all`, async () => {
      const results = await run(view, async (peer) => {
        const exchange = openAlone(uncompressed, peer, flatLayout(LENGTH), SETTINGS);
        const heard: number[] = [];
        for (let number = 0; number < view.members.length + 1; number++) {
          const told = view.members[number] === peer.id ? 7 : number === view.members.length ? 0 : 1;
          heard.push(
            await exchange.average(shareOf(peer, number), new Float32Array(LENGTH), { number, attempt: 0 }, told),
          );
        }
        return heard;
      });
      const expected = [...view.members.map(() => 7), 0];
      for (const heard of results) assert.deepEqual(heard, expected);
    });
  }
}

async function rounds(
  peer: Peer,
  exchange: Exchange & Alone,
  from: number,
  to: number,
): Promise<{ outs: Float32Array[]; state: NamedVectors }> {
  const outs: Float32Array[] = [];
  for (let number = from; number < to; number++) {
    const out = new Float32Array(LENGTH);
    await exchange.average(shareOf(peer, number), out, { number, attempt: 0 }, 0);
    outs.push(out);
  }
  return { outs, state: exchange.save() };
}

const shareOf = (peer: Peer, round: number): Float32Array | null =>
  peer.view.workers.includes(peer.id) ? share(peer.id, round) : null;

function share(id: number, round: number): Float32Array {
  const rng = Random.fromSeed(5).split(`share/${id}/${round}`);
  return Float32Array.from({ length: LENGTH }, (_, i) => rng.normal(i));
}

const sumOf = (vectors: readonly Float32Array[]): number[] =>
  Array.from({ length: LENGTH }, (_, i) => vectors.reduce((sum, x) => sum + x[i]!, 0));

function workersOnly(n: number): View {
  const members = Array.from({ length: n }, (_, i) => peerId(i));
  return { epoch: 0, members, workers: members };
}

/** Ids are not ranks here: nothing may confuse the two. */
function withServer(n: number): View {
  const members = Array.from({ length: n + 1 }, (_, i) => peerId(100 - i));
  return { epoch: 3, members, workers: members.slice(1) };
}
