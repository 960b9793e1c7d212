/**
 * What happens in a swarm, for a log.
 */
import type { PeerId } from "../../ports/view.ts";
import type { SwarmView } from "./swarm-view.ts";

/** How a stay ended. */
export type Ending = "left" | "expelled" | "stopped";

export type SwarmEvent =
  | { readonly type: "view"; readonly view: SwarmView }
  /** This node has lost a member; the view will follow. */
  | { readonly type: "lost"; readonly id: PeerId; readonly node: string; readonly why: string }
  /** A member broke a limit or sent what no member sends: it is dropped and may not come back. */
  | {
      readonly type: "dropped";
      readonly id: PeerId;
      readonly node: string;
      readonly why: string;
      /** The serial of its ticket; empty if there was none. */
      readonly ticket: string;
    }
  /** A member is out, since its ticket was revoked. */
  | { readonly type: "revoked"; readonly id: PeerId; readonly node: string; readonly ticket: string }
  /** Somebody was not let in. */
  | { readonly type: "refused"; readonly node: string; readonly address: string; readonly why: string }
  /** The members that this one reaches are too few to go on; or are enough again. */
  | { readonly type: "waiting"; readonly waiting: boolean }
  | { readonly type: "over"; readonly ending: Ending };
