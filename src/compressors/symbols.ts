/**
 * How the messages of a quantised compressor divide, so that an entropy coder can take over their symbols
 * (`entropy=range`). The sections of a message, in order, make up all of it.
 */

/** Bytes that are kept as they are: norms, scales. */
export interface Raw {
  readonly kind: "raw";
  readonly bytes: number;
}

/**
 * `count` symbols of `bits` bits each, least significant bit first as `coding/fixed-width.ts` packs them: it starts at a
 * whole byte and ends with unused bits of 0. Which entry a symbol belongs to does not matter.
 */
export interface Symbols {
  readonly kind: "symbols";
  readonly count: number;
  /** 1 … 12. */
  readonly bits: number;
}

export type Section = Raw | Symbols;

export const raw = (bytes: number): Raw => ({ kind: "raw", bytes });
export const symbols = (count: number, bits: number): Symbols => ({ kind: "symbols", count, bits });
