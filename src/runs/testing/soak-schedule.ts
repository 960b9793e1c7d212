/**
 * A schedule of the soak: a small swarm, and what befalls it, all drawn from one seed.
 */
import { Random } from "../../base/random.ts";
import { type Seconds, seconds } from "../../base/units.ts";
import { type PeerId, peerId } from "../../ports/view.ts";
import type { Absence } from "../../simulation/churn.ts";
import type { Faults } from "../../simulation/faults.ts";
import { type SoakMethod, soakMethods } from "./soak-methods.ts";

export interface Schedule {
  readonly seed: number;
  readonly method: SoakMethod;
  readonly workers: number;
  readonly ownServer: boolean;
  readonly rounds: number;
  /** Rows and columns of the matrix that is trained, beside a vector of as many entries as rows. */
  readonly shape: readonly [number, number];
  readonly link: string;
  readonly faults: Faults;
  readonly crashes: readonly ({ readonly peer: PeerId } & Absence)[];
  /** What this peer sends from a round on does not decode. */
  readonly babbler?: { readonly peer: PeerId; readonly round: number };
  /** What this peer says of the rounds that it has done is too much. */
  readonly braggart?: PeerId;
  /** From then on rank 0 is asked to stop the run. */
  readonly stopAt: Seconds;
}

/** Draws one after the other. */
class Draws {
  readonly #rng: Random;
  #next = 0;

  constructor(rng: Random) {
    this.#rng = rng;
  }

  uniform(): number {
    return this.#rng.uniform(this.#next++);
  }

  between(least: number, most: number): number {
    return least + Math.floor(this.uniform() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.between(0, from.length - 1)]!;
  }
}

/** In milliseconds. */
const ms = (time: number): string => `${time}ms`;

/** @param only a part of the name of the recipe */
export function scheduleOf(seed: number, only = ""): Schedule {
  const draws = new Draws(Random.fromSeed(seed).split("soak"));
  const method = draws.pick(soakMethods.filter(({ recipe }) => recipe.includes(only)));
  const workers = draws.between(2, 7);
  const ownServer = method.serverless !== true && draws.chance(0.3);
  const rounds = draws.between(5, 25);
  const latency = draws.pick([0, 1, 20, 100]);
  const detection = draws.pick([0, 10, 200]);
  /** About what a round takes, in milliseconds. */
  const pace = 5 + 4 * latency;
  const members = workers + (ownServer ? 1 : 0);
  const plan = { members, duration: rounds * pace, pace, detection };
  const schedule: Schedule = {
    seed,
    method,
    workers,
    ownServer,
    rounds,
    shape: [draws.between(3, 5), draws.between(3, 7)],
    link: `${draws.pick(["1gbit", "1mbit", "100kbit/1mbit"])}/${ms(latency)}`,
    faults: faultsOf(draws, pace, detection),
    crashes: crashesOf(draws, plan),
    stopAt: draws.chance(0.15) ? seconds((draws.uniform() * plan.duration) / 1000) : seconds(Number.POSITIVE_INFINITY),
  };
  // A rule that bears noise keeps the one who sends it: it then has its own message, where the others have noise.
  if (method.aggregator !== undefined || !draws.chance(0.15)) return schedule;
  return { ...schedule, babbler: { peer: peerId(draws.between(0, members - 1)), round: draws.between(0, rounds) } };
}

/** Often none, now and then all. */
function faultsOf(draws: Draws, pace: number, detection: number): Faults {
  return {
    detection: ms(detection),
    ...(draws.chance(0.3) && { loss: draws.pick([0.01, 0.1]) }),
    ...(draws.chance(0.2) && { corrupt: 0.02 }),
    ...(draws.chance(0.2) && { duplicate: draws.pick([0.02, 0.3]) }),
    ...(draws.chance(0.3) && { reorder: `0.2:${ms(pace)}` }),
    ...(draws.chance(0.3) && { jitter: "lognormal:0.5" }),
    ...(draws.chance(0.2) && { stragglers: "0.3:4x" }),
    ...(draws.chance(0.2) && { compute: "lognormal:0.5" }),
  };
}

interface Plan {
  readonly members: number;
  readonly duration: number;
  readonly pace: number;
  readonly detection: number;
}

/** Alone, several at once, and while the others still agree about the one before; some come back, soon or late. */
function crashesOf(draws: Draws, { members, duration, pace, detection }: Plan): Schedule["crashes"] {
  const count = draws.chance(0.15) ? 0 : draws.between(1, draws.chance(0.2) ? 2 * members : 3);
  const crashes: ({ peer: PeerId } & Absence)[] = [];
  const time = (t: number): Seconds => seconds(Math.max(0, t) / 1000);
  let last = 0;
  for (let i = 0; i < count; i++) {
    const soon = i > 0 && draws.chance(0.5);
    last = soon
      ? last + draws.uniform() * (detection + 3 * pace) * draws.pick([0, 0.3, 1])
      : 1.2 * draws.uniform() * duration;
    const peer = peerId(draws.chance(0.3) ? 0 : draws.between(0, members - 1));
    const away = draws.uniform() * draws.pick([pace, 5 * pace, duration]);
    crashes.push({
      peer,
      at: time(last),
      ...(draws.chance(0.5) && { back: time(last + away) }),
      graceful: draws.chance(0.25),
    });
  }
  return crashes;
}
