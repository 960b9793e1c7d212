/**
 * The channels by name, for lists; recipes choose and build them in code.
 */
import type { Compressor } from "../compressors/compressor.ts";
import type { Channel } from "./channel.ts";
import { direct } from "./direct.ts";
import { errorFeedback } from "./error-feedback.ts";

export interface ChannelEntry {
  readonly name: string;
  readonly summary: string;
  /** arXiv number or citation. */
  readonly paper?: string;
  /** What r, the received vectors, obey; u are the sent ones. */
  readonly law: string;
  /** Vectors of d entries kept at each end. */
  readonly memory: { readonly sender: number; readonly receiver: number };
  readonly build: (compressor: Compressor) => Channel;
}

const entries: readonly ChannelEntry[] = [
  {
    name: "direct",
    summary: "each vector for itself, nothing is remembered",
    law: "r = C(u)",
    memory: { sender: 0, receiver: 0 },
    build: direct,
  },
  {
    name: "error-feedback",
    summary: "what a message lacks is added to the next vector",
    paper: "arXiv:1901.09847",
    law: "Σ r = Σ u + e_0 − e_T; E‖e‖² ≤ 4(1 − δ)U²/δ² for contractive C",
    memory: { sender: 2, receiver: 0 },
    build: errorFeedback,
  },
];

export const channels: ReadonlyMap<string, ChannelEntry> = new Map(entries.map((entry) => [entry.name, entry]));
