/**
 * Whether the memory of processes grows: resident memory over the life of each, from start to start.
 */
export interface Growth {
  readonly peer: string;
  readonly minutes: number;
  /** MiB: medians of the second and of the last quarter of its life. */
  readonly early: number;
  readonly late: number;
}

/** Samples that a life must have to be judged. */
const SAMPLES_MIN = 24;

/** Garbage collectors take what they are given, to a point. */
const SHARE_MAX = 1.25;
const SLACK_MIB = 24;

export class MemoryWatch {
  /** By peer and start. */
  readonly #lives = new Map<string, { readonly peer: string; readonly samples: { at: number; mib: number }[] }>();

  note(peer: string, startedAt: number, at: number, mib: number): void {
    const key = `${peer}/${startedAt}`;
    const life = this.#lives.get(key) ?? { peer, samples: [] };
    this.#lives.set(key, life);
    life.samples.push({ at, mib });
  }

  /** Of each life that lasted long enough. */
  growth(): Growth[] {
    return [...this.#lives.values()].flatMap(({ peer, samples }) => {
      const n = samples.length;
      if (n < SAMPLES_MIN) return [];
      const mib = (from: number, to: number) => median(samples.slice(n * from, n * to).map((sample) => sample.mib));
      const minutes = (samples.at(-1)!.at - samples[0]!.at) / 60_000;
      return [{ peer, minutes, early: mib(0.25, 0.5), late: mib(0.75, 1) }];
    });
  }

  /** The largest that any process was. */
  get peak(): number {
    return Math.max(0, ...[...this.#lives.values()].flatMap(({ samples }) => samples.map(({ mib }) => mib)));
  }
}

export const grows = ({ early, late }: Growth): boolean => late > SHARE_MAX * early + SLACK_MIB;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
