/**
 * The history of a swarm, as an onlooker who sees every peer writes it: which round was decided when, by whom, and what
 * each member then held. It complains as soon as two members hold different things.
 */
import assert from "node:assert/strict";
import type { NamedVectors } from "../../base/state.ts";
import type { PeerId, View } from "../../ports/view.ts";
import type { Round } from "../../rounds/round.ts";

/** One start of a peer's program. */
export interface Life {
  readonly id: PeerId;
  /** What it took part in, in order. */
  readonly tries: Try[];
  /** It crashed, left or ended. */
  gone: boolean;
  /** It came to the end of the run. */
  ended: boolean;
  /** What it would save now, once the round in flight is settled as one before `round` or not. */
  settled(round: number): NamedVectors;
}

export interface Try {
  readonly round: Round;
  readonly view: View;
  /** What its exchange remembered before. */
  readonly before: NamedVectors;
}

export interface Decision {
  readonly round: Round;
  readonly view: View;
  /** The parameters after it. */
  readonly params: Float32Array;
  readonly holders: Set<Life>;
}

export class History {
  readonly lives: Life[] = [];
  /** By round. */
  readonly decisions: Decision[] = [];
  /** The parameters before the first round. */
  initial: Float32Array | undefined;
  /** Decided rounds that nobody had any more, and that were made again. */
  forgotten = 0;

  /** A member takes part in a round. If that was decided before, then nobody has its result any more. */
  tries(life: Life, tried: Try): void {
    const known = this.decisions[tried.round.number];
    if (known !== undefined && !sameExchange(known, tried.round, tried.view)) this.#forget(tried.round.number, known);
    life.tries.push(tried);
  }

  /** A member has the result of a round that it took part in. */
  committed(life: Life, round: Round, view: View, params: Float32Array): void {
    const known = this.decisions[round.number];
    if (known !== undefined) {
      assert.ok(
        sameExchange(known, round, view),
        `peer ${life.id}: round ${round.number} was decided otherwise meanwhile`,
      );
      assertEqual(params, known.params, `peer ${life.id} after round ${round.number}, ${life.tries.length} tries`);
    } else {
      assert.equal(this.decisions.length, round.number, `peer ${life.id}: rounds are decided one after the other`);
      this.decisions.push({ round, view, params: Float32Array.from(params), holders: new Set() });
    }
    for (const decision of this.decisions.slice(0, round.number + 1)) decision.holders.add(life);
  }

  /** A member was given the state after so many rounds. */
  adopted(life: Life, rounds: number, params: Float32Array): void {
    const expected = rounds === 0 ? this.initial : this.decisions[rounds - 1]?.params;
    assert.ok(expected !== undefined, `peer ${life.id} was given the state after ${rounds} rounds, which nobody made`);
    assertEqual(params, expected, `peer ${life.id}, given the state after ${rounds} rounds`);
    for (const decision of this.decisions.slice(0, rounds)) decision.holders.add(life);
  }

  /** The run ended after so many rounds: later ones were lost with all who had their results. */
  ends(rounds: number): void {
    const holders = [...(this.decisions[rounds]?.holders ?? [])].filter(({ ended }) => ended).map(({ id }) => id);
    assert.deepEqual(holders, [], `the run ended after ${rounds} rounds, of these peers after a later one`);
    this.forgotten += Math.max(0, this.decisions.length - rounds);
    this.decisions.length = Math.min(this.decisions.length, rounds);
  }

  /** Whether what was tried is what was decided. */
  counts({ round, view }: Try): boolean {
    const decision = this.decisions[round.number];
    return decision !== undefined && sameExchange(decision, round, view);
  }

  /** A decided round may be made again only if all who held its result are gone. */
  #forget(round: number, { holders }: Decision): void {
    const left = [...holders].filter(({ gone }) => !gone).map(({ id }) => id);
    assert.deepEqual(left, [], `round ${round} is made again, while these peers held its result`);
    this.forgotten += this.decisions.length - round;
    this.decisions.length = round;
  }
}

const sameExchange = (decision: Decision, { attempt }: Round, { epoch }: View): boolean =>
  decision.view.epoch === epoch && decision.round.attempt === attempt;

export function assertEqual(params: Float32Array, expected: Float32Array, what: string): void {
  const at = params.findIndex((x, j) => !Object.is(x, expected[j]));
  assert.ok(at < 0, `${what}: entry ${at} is ${params[at]}, at another peer ${expected[at]}`);
}
