const word = new DataView(new ArrayBuffer(4));

/** The smallest f32 that is not below v; infinity beyond the largest. @param v at least 0 */
export function froundUp(v: number): number {
  const nearest = Math.fround(v);
  if (!(nearest < v)) return nearest;
  word.setFloat32(0, nearest);
  word.setUint32(0, word.getUint32(0) + 1);
  return word.getFloat32(0);
}
