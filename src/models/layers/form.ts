/**
 * The form that layers take. Some have two formulas for one function, and what is fast in one engine is slow in the other:
 * jax-js's own convolution takes thirty times as long as nine matrix products, which ONNX Runtime would run at half speed.
 */
let products = false;

/** Traces in the form that suits jax-js's own kernels. */
export function asProducts<T>(trace: () => T): T {
  const outer = products;
  products = true;
  try {
    return trace();
  } finally {
    products = outer;
  }
}

/** True while a trace is made for jax-js's own kernels. */
export const inProducts = (): boolean => products;
