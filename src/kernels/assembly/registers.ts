// Constants of hot loops.

/**
 * The constant c, held in a register. The optimisers would carry a plain constant into the loop, where V8 builds it anew in
 * every round from two 64-bit immediates; n ≥ 0, the count that every kernel has, is known to no compiler.
 */
// @ts-ignore: decorator
@inline
export function hold(c: v128, n: i32): v128 {
  return v128.or(c, i32x4.splat(n >> 31));
}
