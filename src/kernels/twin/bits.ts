/** The bit pattern of each entry, as a view: sign, 8 bits of exponent, 23 of mantissa. */
export const bitsOf = (x: Float32Array): Uint32Array => new Uint32Array(x.buffer, x.byteOffset, x.length);
