/** How vectors in buckets are walked in pieces. */
import { PIECE } from "./addresses.ts";

/**
 * Calls `work` on all `length` entries at once, or on pieces of at most PIECE that hold whole buckets, or a part of one
 * larger bucket: entries i … i + n − 1 each time, which lie in ⌈n/bucket⌉ buckets from ⌊i/bucket⌋ on.
 */
export function eachBucketPiece(
  length: number,
  bucket: number,
  atOnce: boolean,
  work: (i: number, n: number) => void,
): void {
  if (atOnce) {
    if (length > 0) work(0, length);
    return;
  }
  const piece = bucket <= PIECE ? PIECE - (PIECE % bucket) : PIECE;
  for (let i = 0; i < length; ) {
    const bucketEnd = bucket <= PIECE ? length : i - (i % bucket) + bucket;
    const n = Math.min(piece, bucketEnd - i, length - i);
    work(i, n);
    i += n;
  }
}
