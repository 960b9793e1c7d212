/**
 * The fuzzer: case n of a seed and a target is the same bytes on every machine, decoded and judged.
 */
import { Random } from "../../src/base/random.ts";
import { compressors } from "../../src/compressors/registry.ts";
import { COMPOSITIONS } from "../wire/golden-files.ts";
import { admissionTargets } from "./admission-targets.ts";
import { codecTarget } from "./codec-target.ts";
import { Dice } from "./dice.ts";
import { hostile } from "./hostile.ts";
import { onnxTargets } from "./onnx-targets.ts";
import { readerTargets } from "./reader-targets.ts";
import { type FuzzTarget, messageRandom } from "./target.ts";

const specs = [...compressors.values()].flatMap(({ examples }) => examples).concat(COMPOSITIONS);

/** All examples of all compressors, compositions, and the other readers. */
export const targets: ReadonlyMap<string, FuzzTarget> = new Map(
  [...specs.map(codecTarget), ...readerTargets, ...onnxTargets, ...admissionTargets].map(
    (target) => [target.name, target] as const,
  ),
);

export interface FuzzCase {
  readonly target: string;
  readonly seed: number;
  readonly number: number;
}

export interface Failure extends FuzzCase {
  readonly length: number;
  readonly bytes: Uint8Array;
  readonly why: string;
}

/** Milliseconds; a decoder takes a thousandth of it. Tried again before it counts, for a machine may stand still. */
const TIME_LIMIT = 2000;

/** Milliseconds, from any origin. */
export type Clock = () => number;

export async function runCase({ target: name, seed, number }: FuzzCase, clock: Clock): Promise<Failure | undefined> {
  const target = targets.get(name)!;
  const dice = new Dice(Random.fromSeed(seed).split(`fuzz/${name}/${number}`));
  const { lengths } = target;
  const length = lengths[Math.min(dice.below(lengths.length), dice.below(lengths.length))]!; // short ones are quicker
  const bytes = hostile(dice, () => target.valid(length, dice));
  const why = (await judge(target, bytes, length, clock)) && (await judge(target, bytes, length, clock));
  return why === undefined ? undefined : { target: name, seed, number, length, bytes, why };
}

/** What is wrong with how the target decodes these bytes; undefined if nothing. */
export async function judge(
  target: FuzzTarget,
  bytes: Uint8Array,
  length: number,
  clock: Clock,
): Promise<string | undefined> {
  const memory = memoryInUse();
  const start = clock();
  try {
    await target.check(bytes, length, messageRandom);
  } catch (error) {
    return error instanceof Error ? `${error.constructor.name}: ${error.message}` : String(error);
  }
  const ms = clock() - start;
  if (ms > TIME_LIMIT) return `took ${Math.round(ms)} ms`;
  const grown = memoryInUse() - memory;
  if (grown > target.memoryLimit) return `took ${grown} bytes of memory`;
  return undefined;
}

function memoryInUse(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Case after case, the targets in turn, until `clock` passes `end` or a case fails. */
export async function fuzz(
  seed: number,
  names: readonly string[],
  end: number,
  clock: Clock,
): Promise<{ readonly cases: number; readonly failure?: Failure }> {
  let cases = 0;
  for (let number = 0; clock() < end; number++) {
    for (const target of names) {
      const failure = await runCase({ target, seed, number }, clock);
      cases += 1;
      if (failure !== undefined) return { cases, failure };
      if (clock() >= end) break;
    }
  }
  return { cases };
}
