// Arithmetic entry by entry, four at a time. WebAssembly rounds every f32 operation to f32 and fuses none.

export function axpy(a: f32, x: usize, y: usize, n: i32): void {
  const factor = f32x4.splat(a);
  for (; n >= 8; n -= 8) {
    v128.store(y, f32x4.add(v128.load(y), f32x4.mul(factor, v128.load(x))));
    v128.store(y, f32x4.add(v128.load(y, 16), f32x4.mul(factor, v128.load(x, 16))), 16);
    x += 32;
    y += 32;
  }
  for (; n > 0; n--) {
    store<f32>(y, load<f32>(y) + a * load<f32>(x));
    x += 4;
    y += 4;
  }
}

export function scale(a: f32, x: usize, n: i32): void {
  const factor = f32x4.splat(a);
  for (; n >= 8; n -= 8) {
    v128.store(x, f32x4.mul(factor, v128.load(x)));
    v128.store(x, f32x4.mul(factor, v128.load(x, 16)), 16);
    x += 32;
  }
  for (; n > 0; n--) {
    store<f32>(x, a * load<f32>(x));
    x += 4;
  }
}

export function add(x: usize, y: usize, out: usize, n: i32): void {
  for (; n >= 8; n -= 8) {
    v128.store(out, f32x4.add(v128.load(x), v128.load(y)));
    v128.store(out, f32x4.add(v128.load(x, 16), v128.load(y, 16)), 16);
    x += 32;
    y += 32;
    out += 32;
  }
  for (; n > 0; n--) {
    store<f32>(out, load<f32>(x) + load<f32>(y));
    x += 4;
    y += 4;
    out += 4;
  }
}

export function subtract(x: usize, y: usize, out: usize, n: i32): void {
  for (; n >= 8; n -= 8) {
    v128.store(out, f32x4.sub(v128.load(x), v128.load(y)));
    v128.store(out, f32x4.sub(v128.load(x, 16), v128.load(y, 16)), 16);
    x += 32;
    y += 32;
    out += 32;
  }
  for (; n > 0; n--) {
    store<f32>(out, load<f32>(x) - load<f32>(y));
    x += 4;
    y += 4;
    out += 4;
  }
}

export function momentum(mu: f32, g: usize, v: usize, n: i32): void {
  const decay = f32x4.splat(mu);
  for (; n >= 8; n -= 8) {
    v128.store(v, f32x4.add(f32x4.mul(decay, v128.load(v)), v128.load(g)));
    v128.store(v, f32x4.add(f32x4.mul(decay, v128.load(v, 16)), v128.load(g, 16)), 16);
    g += 32;
    v += 32;
  }
  for (; n > 0; n--) {
    store<f32>(v, mu * load<f32>(v) + load<f32>(g));
    g += 4;
    v += 4;
  }
}

export function momentumStep(mu: f32, lr: f32, g: usize, v: usize, x: usize, n: i32): void {
  const decay = f32x4.splat(mu);
  const stepSize = f32x4.splat(lr);
  for (; n >= 8; n -= 8) {
    const a = f32x4.add(f32x4.mul(decay, v128.load(v)), v128.load(g));
    const b = f32x4.add(f32x4.mul(decay, v128.load(v, 16)), v128.load(g, 16));
    v128.store(v, a);
    v128.store(v, b, 16);
    v128.store(x, f32x4.sub(v128.load(x), f32x4.mul(stepSize, a)));
    v128.store(x, f32x4.sub(v128.load(x, 16), f32x4.mul(stepSize, b)), 16);
    g += 32;
    v += 32;
    x += 32;
  }
  for (; n > 0; n--) {
    const a = mu * load<f32>(v) + load<f32>(g);
    store<f32>(v, a);
    store<f32>(x, load<f32>(x) - lr * a);
    g += 4;
    v += 4;
    x += 4;
  }
}
