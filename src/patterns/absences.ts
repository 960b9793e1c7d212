/**
 * What the server of a parameter server with partial participation knows: who takes part, who is behind by how much, and
 * who has still to hear how the run ended.
 */
import type { Sender } from "../channels/channel.ts";
import type { PeerId } from "../ports/view.ts";
import type { Participation } from "../rounds/participation.ts";
import { CatchUpLog, stateBytes } from "./catch-up.ts";
import type { Replica } from "./pattern.ts";

export class Absences {
  readonly #participation: Participation;
  readonly #listeners: readonly PeerId[];
  /** The first round whose result a worker does not have. */
  readonly #known = new Map<PeerId, number>();
  #log: CatchUpLog | undefined;
  #present: readonly PeerId[] = [];
  #round = 0;

  /** @param listeners members that hear of every round */
  constructor(participation: Participation, listeners: readonly PeerId[]) {
    this.#participation = participation;
    this.#listeners = listeners;
  }

  get expected(): number {
    return this.#participation.expected;
  }

  /** @param behind what every member knows in the first round, where it does not know all @returns the workers of the round */
  begin(round: number, replica: Replica, sender: Sender, behind: number | undefined): readonly PeerId[] {
    if (this.#log === undefined) {
      this.#log = new CatchUpLog(round, stateBytes(replica, sender));
      for (const id of [...this.#participation.workers, ...this.#listeners]) this.#known.set(id, behind ?? round);
    }
    this.#round = round;
    this.#present = this.#participation.of(round);
    return this.#present;
  }

  /** What a member needs first in this round; undefined if it was there in the last one. */
  missedBy(member: PeerId, replica: Replica, sender: Sender): Uint8Array | undefined {
    const known = this.#known.get(member)!;
    return known === this.#round ? undefined : this.#log!.since(known, replica, sender);
  }

  decided(attempt: number, message: Uint8Array): void {
    this.#log!.add(attempt, message);
    for (const id of [...this.#present, ...this.#listeners]) this.#known.set(id, this.#round + 1);
  }

  /** For each worker that is absent in this round, the round in which it comes back; `end` for those who never do. */
  returns(end: number): ReadonlyMap<PeerId, number> {
    return this.#participation.returns(this.#round, end);
  }
}
