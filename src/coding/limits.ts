/**
 * The one table of limits of the wire. A decoder refuses what lies beyond them before it allocates or loops.
 */

/** Body of one frame, in bytes. */
export const MAX_BODY_BYTES: number = 2 ** 30;

/** d of one vector: as plain f32 it fits a body and leaves room for a note. Longer models travel in parts. */
export const MAX_LENGTH: number = 2 ** 28 - 1;

/** A varint holds values below 2³². */
export const MAX_VARINT_BYTES = 5;

/** Fields of a frame's header. */
export const MAX_ATTEMPT = 255;
export const MAX_PART = 65_535;
export const MAX_ROUND: number = 2 ** 32 - 1;
export const MAX_EPOCH: number = 2 ** 32 - 1;
export const MAX_PEERS = 65_536;

/** Named vectors of one state on its way to a joiner. */
export const MAX_STATE_VECTORS = 65_536;
