/**
 * The recipe for a bandwidth, where four hosts train a model of half a million parameters on data that is alike: found with
 * `thinwire simulate`, checked on wires (`docs/results/wire.md`).
 */
import { type BitsPerSecond, megabitsPerSecond } from "../../base/units.ts";

interface Advice {
  /** From this bandwidth on. */
  readonly from: BitsPerSecond;
  /** A recipe, and its compressor both ways. */
  readonly recipe: string;
}

/** Local steps save rounds, which cost time whatever the bandwidth; the rest is for the wire to say. */
const ADVICE: readonly Advice[] = [
  { from: megabitsPerSecond(50), recipe: "local-sgd:steps=8 stc:0.03" },
  { from: megabitsPerSecond(0), recipe: "local-sgd:steps=8 stc:0.01" },
];

/** @param rate undefined: without a limit */
export function advisedRecipe(rate: BitsPerSecond | undefined): string {
  return ADVICE.find(({ from }) => rate === undefined || rate >= from)!.recipe; // the last has no bound
}
