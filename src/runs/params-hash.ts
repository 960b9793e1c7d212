/**
 * The fingerprint of a vector of parameters: equal hashes mean equal bits.
 */

/** SHA-256 of the f32 entries as little-endian bytes, in hexadecimal. */
export async function paramsHash(params: Float32Array): Promise<string> {
  const bytes = new Uint8Array(params.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < params.length; i++) view.setFloat32(4 * i, params[i]!, true);
  return sha256(bytes);
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
