/** Arithmetic entry by entry. Storing into a Float32Array rounds once more, which changes nothing already rounded. */
import { sameLength } from "../lengths.ts";

const { fround } = Math;

export function axpy(a: number, x: Float32Array, y: Float32Array): void {
  sameLength(x.length, y);
  const factor = fround(a);
  for (let i = 0; i < x.length; i++) y[i] = y[i]! + fround(factor * x[i]!);
}

export function scale(a: number, x: Float32Array): void {
  const factor = fround(a);
  for (let i = 0; i < x.length; i++) x[i] = factor * x[i]!;
}

export function add(x: Float32Array, y: Float32Array, out: Float32Array): void {
  sameLength(x.length, y, out);
  for (let i = 0; i < x.length; i++) out[i] = x[i]! + y[i]!;
}

export function subtract(x: Float32Array, y: Float32Array, out: Float32Array): void {
  sameLength(x.length, y, out);
  for (let i = 0; i < x.length; i++) out[i] = x[i]! - y[i]!;
}

export function momentum(mu: number, g: Float32Array, v: Float32Array): void {
  sameLength(g.length, v);
  const decay = fround(mu);
  for (let i = 0; i < g.length; i++) v[i] = fround(decay * v[i]!) + g[i]!;
}

export function momentumStep(mu: number, lr: number, g: Float32Array, v: Float32Array, x: Float32Array): void {
  sameLength(g.length, v, x);
  const decay = fround(mu);
  const stepSize = fround(lr);
  for (let i = 0; i < g.length; i++) {
    const velocity = fround(fround(decay * v[i]!) + g[i]!);
    v[i] = velocity;
    x[i] = x[i]! - fround(stepSize * velocity);
  }
}
