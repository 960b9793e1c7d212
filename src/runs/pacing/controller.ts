/**
 * The controller of a dial: how much a peer may send so that a round ends for all at once. Pure; a peer asks it now and then.
 *
 *     time of peer i at setting s:   t_i(s) = f_i + a_i s         f before it sends, a seconds a unit of the setting
 *     the round:                     T = median_i t_i(start)      what it takes a typical peer to send what it began with
 *     peer i:                        the largest setting with t_i(s) ≤ T
 *
 * Faster peers send more than at the start and slower ones less, and all are done at T. With hysteresis: down only where
 * max(T, t_i) falls by more than a tenth, up only where the setting grows by more than a tenth. So for readings that vary by
 * less than 4 % a peer comes to rest: what fitted when it was turned is not above 1.1 T later, and every further turn goes up.
 */

/** What a peer measures of itself. */
export interface Reading {
  /** f, seconds from the beginning of a round until it sends. */
  readonly before: number;
  /** a, seconds that a unit of the dial's setting takes; 0 at a peer that sends nothing, which may use the largest. */
  readonly perUnit: number;
}

/** A change of less than this is none. */
export const HYSTERESIS = 0.1;

export const timeAt = ({ before, perUnit }: Reading, setting: number): number => before + perUnit * setting;

/** T, the median over the peers that send something; undefined if there are none. */
export function roundTime(readings: readonly Reading[], start: number): number | undefined {
  const times = readings.filter(({ perUnit }) => perUnit > 0).map((reading) => timeAt(reading, start));
  times.sort((a, b) => a - b);
  const [low, high] = [times[(times.length - 1) >> 1], times[times.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/**
 * Where the dial goes.
 * @param settings of its notches, ascending, all above 0 @param position where it is @param target T
 * @returns a notch, `position` where nothing is to be gained
 */
export function turned(settings: readonly number[], position: number, reading: Reading, target: number): number {
  const fits = settings.findLastIndex((setting) => timeAt(reading, setting) <= target);
  const best = reading.perUnit === 0 ? settings.length - 1 : Math.max(0, fits); // the smallest, where none fits
  const [now, then] = [settings[position]!, settings[best]!];
  if (best > position) return then > (1 + HYSTERESIS) * now ? best : position;
  const [slow, quick] = [now, then].map((setting) => Math.max(target, timeAt(reading, setting)));
  return slow! > (1 + HYSTERESIS) * quick! ? best : position;
}
