/**
 * A matrix product whose result may still lie as rows × columns or as columns × rows in memory. It becomes a node at its
 * first use, in the order that this use wants: so the gradient of a weight lands in the layout of the parameter.
 */
import type { Axis } from "./axis.ts";

export class Product {
  readonly #emit: (swapped: boolean) => string;
  #settled: { readonly name: string; readonly swapped: boolean } | undefined;

  /** @param emit adds the nodes and returns the tensor [batch, left, right], or [batch, right, left] when swapped */
  constructor(emit: (swapped: boolean) => string) {
    this.#emit = emit;
  }

  /** The tensor; the first call decides its order. */
  settle(wanted: readonly Axis[]): { readonly name: string; readonly swapped: boolean } {
    if (this.#settled === undefined) {
      const left = wanted.findIndex((axis) => !axis.broadcast && axis.side === "left");
      const right = wanted.findIndex((axis) => !axis.broadcast && axis.side === "right");
      const swapped = right >= 0 && right < left;
      this.#settled = { name: this.#emit(swapped), swapped };
    }
    return this.#settled;
  }
}
