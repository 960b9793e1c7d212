/**
 * The fingerprint of a vector of parameters: equal hashes mean equal bits.
 */
import { ByteSink } from "../coding/bytes.ts";

/** SHA-256 of the f32 entries as little-endian bytes, in hexadecimal. */
export async function paramsHash(params: Float32Array): Promise<string> {
  const bytes = new Uint8Array(params.length * 4);
  new ByteSink(bytes).f32s(params);
  return sha256(bytes);
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
