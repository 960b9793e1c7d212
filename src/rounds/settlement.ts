/**
 * Settlement: what an exchange remembers is committed as a whole once its round is decided, or rolled back as a whole.
 *
 * A round is decided when any member has its whole result. What a peer sends in the next round tells the others that it
 * has it, so no message is spent on agreeing. Only a peer that lost another in the middle of a round, or could not read what it
 * was sent, does not know whether others have the result: its memory stays in flight until the members of the next view
 * have agreed (`agreement.ts`).
 */
import { CorruptError, PeerLost } from "../base/errors.ts";
import type { Settled } from "../channels/channel.ts";

/**
 * Runs one round: commits the memory if `round` returns 0, rolls it back if it returns a note or throws, and leaves it in
 * flight if it throws `PeerLost` or `CorruptError`.
 * @returns what `round` returns
 */
export async function settle(
  memory: Pick<Settled, "commit" | "rollback">,
  round: () => Promise<number>,
): Promise<number> {
  let note: number;
  try {
    note = await round();
  } catch (error) {
    if (!(error instanceof PeerLost || error instanceof CorruptError)) memory.rollback();
    throw error;
  }
  if (note === 0) memory.commit();
  else memory.rollback();
  return note;
}
