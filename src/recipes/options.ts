/**
 * Options that several recipes have.
 */
import { number, type Option } from "../base/options.ts";
import { SHARE_MIN } from "../rounds/participation.ts";

export { choice, flag, number, type Option, optionalNumber } from "../base/options.ts";

/** The share of the workers that take part in a round. */
export const participation: Option<number> = number("share of the workers that take part in a round", 1, {
  min: SHARE_MIN,
  max: 1,
});
