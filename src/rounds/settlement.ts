/**
 * Settlement: the channel ends that took part in the round in flight are committed together once the round is decided,
 * or rolled back together. A round is decided when its owner first sends the result; what a peer sends in the next round
 * tells the owner that the result arrived, so no message is spent on agreeing.
 */
import type { Settled } from "../channels/channel.ts";

/**
 * Runs one round over `ends`: commits them all if `round` returns, rolls them all back if it throws. The owner of a
 * result sends it only after this has returned: from then on the round is decided and never withdrawn.
 */
export async function settle<T>(ends: readonly Settled[], round: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await round();
  } catch (error) {
    for (const end of ends) end.rollback();
    throw error;
  }
  for (const end of ends) end.commit();
  return result;
}
