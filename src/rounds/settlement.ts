/**
 * Settlement: the channel ends that took part in the round in flight are committed together once the round is decided,
 * or rolled back together. A round is decided when its owner first sends the result; what a peer sends in the next round
 * tells the owner that the result arrived, so no message is spent on agreeing.
 */
import type { Settled } from "../channels/channel.ts";

/**
 * Runs one round over `ends`: commits them all if `round` returns 0, rolls them all back if it returns a note or throws.
 * The owner of a result sends it only after this has returned: from then on the round is decided and never withdrawn.
 * @returns what `round` returns
 */
export async function settle(ends: readonly Settled[], round: () => Promise<number>): Promise<number> {
  let note: number;
  try {
    note = await round();
  } catch (error) {
    for (const end of ends) end.rollback();
    throw error;
  }
  for (const end of ends) {
    if (note === 0) end.commit();
    else end.rollback();
  }
  return note;
}
