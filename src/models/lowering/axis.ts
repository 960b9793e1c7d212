/**
 * Atomic axes: what the dimensions of a view are made of. Compared by identity, within one view only.
 */

/** Which operand of a product an axis comes from; a pending product may still swap left and right. */
export type Side = "batch" | "left" | "right";

export interface Axis {
  readonly size: number;
  readonly broadcast: boolean;
  readonly side: Side;
}

export const axis = (size: number, broadcast = false, side: Side = "batch"): Axis => ({ size, broadcast, side });

/** Number of entries that the axes span. */
export const sizeOf = (axes: readonly Axis[]): number => axes.reduce((total, { size }) => total * size, 1);
