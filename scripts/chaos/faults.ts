/**
 * What befalls the processes of a swarm, drawn from a seed.
 */
import { Random } from "../../src/base/random.ts";

/**
 * "kill": SIGKILL, and started again. "stop": SIGSTOP for longer than detection takes. "reset": its connections break and it
 * reaches nobody. "silence": its packets are lost, and nothing breaks.
 */
export type FaultKind = "kill" | "stop" | "reset" | "silence";

export const KINDS: readonly FaultKind[] = ["kill", "stop", "reset", "silence"];

export interface Fault {
  readonly kind: FaultKind;
  /** Which of the peers. */
  readonly peer: number;
}

/** Endless. */
export function* faults(seed: number, peers: number): Generator<Fault> {
  const random = Random.fromSeed(seed).split("chaos");
  for (let i = 0; ; i += 2) {
    yield { kind: KINDS[random.below(i, KINDS.length)]!, peer: random.below(i + 1, peers) };
  }
}
