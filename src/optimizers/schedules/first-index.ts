/**
 * Where a schedule starts to count: papers let t run from 1, so that the first round already uses t = 1; some code lets it
 * run from 0.
 */
import { parseNumber, type Spec } from "../../base/spec.ts";

export type FirstIndex = 0 | 1;

export const FIRST_INDEX_OPTION = { name: "first", meaning: "t of the first round: 1 (default) or 0" } as const;

/** @throws {ConfigError} */
export const firstIndex = ({ options }: Spec, where: string): FirstIndex =>
  parseNumber(options.get("first") ?? "1", `${where}: first`, { min: 0, max: 1, integer: true }) === 0 ? 0 : 1;
