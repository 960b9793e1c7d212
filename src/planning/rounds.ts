/**
 * What a round of a job costs: two rounds of its real recipe on its real data, in the simulator. Bytes are those of real
 * messages and seconds those of the job's wires; in later rounds they differ by what a code saves on other vectors.
 */
import { Batches } from "../data/batches.ts";
import { leaseVectors, vector } from "../kernels/index.ts";
import type { TrainTest } from "../ports/dataset.ts";
import type { Model } from "../ports/model.ts";
import type { Peer } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";
import type { Learner } from "../recipes/method.ts";
import { total } from "../rounds/recording-meter.ts";
import { type Job, jobRandom, UNLIMITED } from "../runs/job.ts";
import { methodOf, trainingSettings, viewOf } from "../runs/setting.ts";
import { simulate } from "../simulation/simulate.ts";
import { CriticalPath, type Stretch } from "./critical-path.ts";

/** What the time of a round goes to, along its critical path. */
export const PARTS = ["compute", "codecs", "latency", "server up", "server down", "peers up", "peers down"] as const;
export type Part = (typeof PARTS)[number];

export interface RoundCost {
  /** From the end of one round to that of the next. */
  readonly seconds: number;
  /** They sum to `seconds`. */
  readonly parts: Readonly<Record<Part, number>>;
  /** Framed bytes, of all members. */
  readonly bytes: number;
}

/** What is trained on. */
export interface Matter {
  readonly model: Model;
  readonly data: TrainTest;
  /** Rows of each worker. */
  readonly parts: readonly Uint32Array[];
}

/** The last one counts: in the first, a channel may begin with a full vector. */
const ROUNDS = 2;

/** @throws {ConfigError} if so many peers cannot run the recipe, or a message does not fit a frame */
export async function costOfRound(job: Job, matter: Matter): Promise<RoundCost> {
  const lease = leaseVectors();
  try {
    return await measured(job, matter);
  } finally {
    lease.release();
  }
}

interface End {
  readonly id: PeerId;
  readonly time: number;
  /** Bytes, since the run began. */
  readonly sent: number;
}

async function measured(job: Job, matter: Matter): Promise<RoundCost> {
  const link = job.link ?? UNLIMITED;
  const path = new CriticalPath(() => link);
  const ends: End[][] = Array.from({ length: ROUNDS }, () => []);
  const join = joining(job, matter);
  await simulate({ view: viewOf(job), seed: job.seed, link, trace: path.trace }, async (peer) => {
    const learner = join(peer);
    for (const [number, ended] of ends.entries()) {
      await learner.step({ number, attempt: 0 }, 0);
      ended.push({ id: peer.id, time: peer.clock.now(), sent: total(peer.meter.totals().sent) });
    }
  });
  const [before = [], after = []] = ends.slice(-2);
  const [from, to] = [lastOf(before), lastOf(after)];
  const sent = new Map(after.map((end) => [end.id, end.sent - (before.find(({ id }) => id === end.id)?.sent ?? 0)]));
  return {
    seconds: to.time - from.time,
    parts: partsOf(path.between(to.id, from.time, to.time), serverAmong(sent)),
    bytes: total(sent),
  };
}

const lastOf = (ends: readonly End[]): End => ends.reduce((a, b) => (b.time > a.time ? b : a));

/** How each peer begins. */
function joining(job: Job, { model, data, parts }: Matter): (peer: Peer) => Learner {
  const method = methodOf(job);
  method.hops?.(viewOf(job)); // refuses a topology that so many peers do not have
  const settings = trainingSettings(job, model, { data, parts });
  const start = vector(model.layout.length);
  model.init(jobRandom(job).split("init"), start);
  return (peer) => {
    const rows = parts[peer.view.workers.indexOf(peer.id)];
    const params = vector(model.layout.length);
    params.set(start);
    const batches =
      rows === undefined ? null : new Batches(data.train, rows, job.batch, peer.rng.split(`peer/${peer.id}/batches`));
    return method.open({ peer, model, batches, params, settings });
  };
}

/** Who sends far more than any other. */
function serverAmong(sent: ReadonlyMap<PeerId, number>): PeerId | undefined {
  const [first, second] = [...sent].sort(([, a], [, b]) => b - a);
  return first !== undefined && second !== undefined && first[1] > 1.5 * second[1] ? first[0] : undefined;
}

const CODECS: readonly string[] = ["encode", "decode"];

function partsOf(path: readonly Stretch[], server: PeerId | undefined): Record<Part, number> {
  const parts = new Map<Part, number>(PARTS.map((part) => [part, 0]));
  for (const { what, peer, label, seconds } of path) {
    const part = what === "work" ? workOf(label) : what === "way" ? "latency" : portOf(what, peer === server);
    parts.set(part, parts.get(part)! + seconds);
  }
  return Object.fromEntries(parts) as Record<Part, number>; // it has them all
}

const workOf = (label: string | undefined): Part => (CODECS.includes(label ?? "") ? "codecs" : "compute");
const portOf = (direction: "up" | "down", serves: boolean): Part => `${serves ? "server" : "peers"} ${direction}`;
