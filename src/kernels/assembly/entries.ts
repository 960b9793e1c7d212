// Entries at positions, eight at a time: addresses first, then all loads, then all stores, so that cache misses overlap. One
// by one, each load would wait for the store before it to show its address.

/** Entries cleared at a time, so that what is scattered over them meets them in the first-level cache. */
const CLEARED: i32 = 4096;

// @ts-ignore: decorator
@inline
function at(x: usize, position: u32): usize {
  return x + (<usize>position << 2);
}

/** Entries first … of x: values_j = x_(positions_j − first). */
export function gather(x: usize, first: u32, positions: usize, values: usize, n: i32): void {
  x -= <usize>first << 2;
  for (; n >= 8; n -= 8) {
    const a = load<u32>(at(x, load<u32>(positions)));
    const b = load<u32>(at(x, load<u32>(positions, 4)));
    const c = load<u32>(at(x, load<u32>(positions, 8)));
    const d = load<u32>(at(x, load<u32>(positions, 12)));
    const e = load<u32>(at(x, load<u32>(positions, 16)));
    const f = load<u32>(at(x, load<u32>(positions, 20)));
    const g = load<u32>(at(x, load<u32>(positions, 24)));
    const h = load<u32>(at(x, load<u32>(positions, 28)));
    v128.store(values, i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(a), 1, b), 2, c), 3, d));
    v128.store(values, i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(e), 1, f), 2, g), 3, h), 16);
    positions += 32;
    values += 32;
  }
  for (; n > 0; n--) {
    store<u32>(values, load<u32>(at(x, load<u32>(positions))));
    positions += 4;
    values += 4;
  }
}

export function scatterAdd(weight: f32, values: usize, positions: usize, out: usize, n: i32): void {
  for (; n >= 8; n -= 8) {
    const a = at(out, load<u32>(positions));
    const b = at(out, load<u32>(positions, 4));
    const c = at(out, load<u32>(positions, 8));
    const d = at(out, load<u32>(positions, 12));
    const e = at(out, load<u32>(positions, 16));
    const f = at(out, load<u32>(positions, 20));
    const g = at(out, load<u32>(positions, 24));
    const h = at(out, load<u32>(positions, 28));
    const p = load<f32>(a) + weight * load<f32>(values);
    const q = load<f32>(b) + weight * load<f32>(values, 4);
    const r = load<f32>(c) + weight * load<f32>(values, 8);
    const s = load<f32>(d) + weight * load<f32>(values, 12);
    const t = load<f32>(e) + weight * load<f32>(values, 16);
    const u = load<f32>(f) + weight * load<f32>(values, 20);
    const v = load<f32>(g) + weight * load<f32>(values, 24);
    const w = load<f32>(h) + weight * load<f32>(values, 28);
    store<f32>(a, p);
    store<f32>(b, q);
    store<f32>(c, r);
    store<f32>(d, s);
    store<f32>(e, t);
    store<f32>(f, u);
    store<f32>(g, v);
    store<f32>(h, w);
    positions += 32;
    values += 32;
  }
  for (; n > 0; n--) {
    const a = at(out, load<u32>(positions));
    store<f32>(a, load<f32>(a) + weight * load<f32>(values));
    positions += 4;
    values += 4;
  }
}

/** Clears entries from … to − 1 of `out` and puts the n values in their places, which lie there. */
export function scatter(values: usize, positions: usize, out: usize, from: i32, to: i32, n: i32): void {
  const end = positions + (<usize>n << 2);
  while (from < to) {
    const chunkEnd = min(to, from + CLEARED);
    memory.fill(at(out, from), 0, <usize>(chunkEnd - from) << 2);
    while (positions < end && load<i32>(positions) < chunkEnd) {
      store<f32>(at(out, load<u32>(positions)), load<f32>(values) + 0);
      positions += 4;
      values += 4;
    }
    from = chunkEnd;
  }
}
