// Sixteen codes of 1 to 8 bits, least significant bit first, and sixteen bytes. Eight codes are as many bytes as they have
// bits: pairs are pushed together in 16 bits, then pairs of pairs in 32, then those in 64; and back.
import { PACKED } from "./memory";

/** Bytes that `storeCodes` writes: sixteen codes, and some behind them. */
// @ts-ignore: decorator
@inline
export function storedBytes(bits: i32): i32 {
  return bits == 4 || bits == 8 ? bits << 1 : bits + 8;
}

/** Packs sixteen codes, each `up` bits up in its byte. */
// @ts-ignore: decorator
@inline
export function storeCodes(codes: v128, up: i32, bits: i32, out: usize): void {
  if (bits == 8) {
    v128.store(out, codes);
    return;
  }
  let packed = up == 0 ? codes : i16x8.shr_u(codes, up); // bits that cross into the next byte are 0
  if (bits == 4) {
    packed = v128.and(v128.or(packed, i16x8.shr_u(packed, 4)), i16x8.splat(0xff));
    store<u64>(out, i64x2.extract_lane(i8x16.narrow_i16x8_u(packed, packed), 0));
    return;
  }
  packed = v128.or(v128.and(packed, i16x8.splat(0xff)), i16x8.shl(i16x8.shr_u(packed, 8), bits));
  packed = v128.or(v128.and(packed, i32x4.splat(0xffff)), i32x4.shl(i32x4.shr_u(packed, 16), bits << 1));
  packed = v128.or(v128.and(packed, i64x2.splat(0xffffffff)), i64x2.shl(i64x2.shr_u(packed, 32), bits << 2));
  store<u64>(out, i64x2.extract_lane(packed, 0));
  store<u64>(out + bits, i64x2.extract_lane(packed, 1));
}

/** Packs sixteen codes, and writes the bytes before `end`. No hot loop may call it: a call makes a loop spill its registers. */
export function storeLastCodes(codes: v128, bits: i32, out: usize, end: usize): void {
  storeCodes(codes, 0, bits, PACKED);
  memory.copy(out, PACKED, min(<usize>bits << 1, end - out));
}

/** Sixteen codes, a byte each; nothing behind `end` is read, and codes from there on are left open. */
// @ts-ignore: decorator
@inline
export function loadCodes(bits: i32, from: usize, end: usize): v128 {
  if (bits == 8) {
    if (from + 16 <= end) return v128.load(from);
    memory.copy(PACKED, from, end - from);
    return v128.load(PACKED);
  }
  if (bits == 4) {
    let at = from;
    if (from + 8 > end) {
      memory.copy(PACKED, from, end - from);
      at = PACKED;
    }
    const pairs = i16x8.extend_low_i8x16_u(v128.load64_zero(at));
    return v128.and(v128.or(pairs, i16x8.shl(pairs, 4)), i8x16.splat(0x0f));
  }
  let at = from;
  if (from + bits + 8 > end) {
    memory.copy(PACKED, from, min(<usize>bits << 1, end - from));
    at = PACKED;
  }
  let codes = i64x2.replace_lane(i64x2.splat(load<i64>(at)), 1, load<i64>(at + bits));
  const fours = i64x2.splat((<i64>1 << (bits << 2)) - 1);
  const pairs = i32x4.splat((1 << (bits << 1)) - 1);
  const ones = i16x8.splat(<i16>(<i32>(1 << bits) - 1));
  codes = v128.or(v128.and(codes, fours), i64x2.shl(v128.and(i64x2.shr_u(codes, bits << 2), fours), 32));
  codes = v128.or(v128.and(codes, pairs), i32x4.shl(v128.and(i32x4.shr_u(codes, bits << 1), pairs), 16));
  return v128.or(v128.and(codes, ones), i16x8.shl(v128.and(i16x8.shr_u(codes, bits), ones), 8));
}
