/**
 * Deadlock: every program waits, and nothing is under way that could end a wait.
 */
import { ThinwireError } from "../base/errors.ts";
import type { PeerId } from "../ports/view.ts";
import { named } from "../rounds/mailbox.ts";
import type { Wait } from "../rounds/wait.ts";

/** What one parked program waits for. */
export interface Parked {
  readonly peer: PeerId;
  readonly waits: readonly Wait[];
}

const SHOWN = 8;

/** Lists who waits for what; `parked` has them all. */
export class DeadlockError extends ThinwireError {
  override readonly code = "deadlock";
  readonly parked: readonly Parked[];

  constructor(parked: readonly Parked[]) {
    const lines = parked.slice(0, SHOWN).map(describe);
    if (parked.length > SHOWN) lines.push(`... and ${parked.length - SHOWN} more`);
    super("simulation", {
      expected: "mail, work or a deadline to come",
      got: `nothing, while ${parked.length} programs wait`,
      hint: lines.join("; "),
    });
    this.parked = parked;
  }
}

function describe({ peer, waits }: Parked): string {
  if (waits.length === 0) return `peer ${peer} awaits a view, or something that is no call of its Peer`;
  const calls = waits.map(({ call, tag, missing }) => {
    const extra = tag.attempt || tag.part ? `, attempt ${tag.attempt ?? 0}, part ${tag.part ?? 0}` : "";
    return `${call} of ${tag.kind}, round ${tag.round}${extra}, from ${named(missing)}`;
  });
  return `peer ${peer} waits for ${calls.join(" and ")}`;
}
