/**
 * Backward passes of few bits: the gradient that flows back into a layer is rounded before the layer uses it, for its own
 * parameters and for the layers below.
 *
 * Rounding is not linear, and what jax-js derives always is. So the model is cut behind its layers k = 1 … n: what leaves
 * layer k is y_k, what goes on is sg(y_k) + δ_k with δ_k = 0, and
 *
 *     for k = n … 1:   c_k = Q( ∂/∂δ_k [ loss + Σ_{j>k} ⟨c_j, y_j⟩ ] )
 *     gradient       = ∂/∂params [ loss + Σ_j ⟨c_j, y_j⟩ ]
 *
 * Without Q this is the chain rule. Each term of a sum crosses one layer only, so all of it together is one backward pass,
 * once equal nodes are shared and nodes that nobody needs are dropped.
 * @see Aketi, Kodge & Roy 2021, "Low Precision Decentralized Distributed Training over IID and non-IID Data", arXiv:2111.09389
 */
import { grad, type JsTree, lax, numpy as np, valueAndGrad } from "@jax-js/jax";
import { assert } from "../base/errors.ts";
import type { Tensor } from "./define.ts";
import { visitingCuts } from "./layers/cuts.ts";

type Loss = (...tensors: Tensor[]) => Tensor;

/** Traces a model as it is. @param shapes takes the shape of what each layer gives, in order */
export const notingCuts = <T>(shapes: number[][], trace: () => T): T =>
  visitingCuts((y) => {
    shapes.push([...y.shape]);
    return y;
  }, trace);

/**
 * As `valueAndGrad(loss, { argnums })`, with gradients rounded at every cut.
 * @param bits of a gradient, 1 to 16
 * @returns a function that takes, as its last arguments, uniform entries for each cut, in the order of the layers
 */
export function gradientWithRoundedFlow(
  loss: Loss,
  argnums: number[],
  bits: number,
): (...tensors: Tensor[]) => JsTree<Tensor> {
  return (...tensors) => {
    const again = (): Tensor[] => tensors.map((tensor) => tensor.ref);
    const shapes: number[][] = [];
    notingCuts(shapes, () => loss(...again())).dispose();
    const noise = tensors.slice(tensors.length - shapes.length);
    const flow = new Map<number, Tensor>();
    for (const [place, shape] of [...shapes.entries()].reverse()) {
      const back = grad((moving: Tensor) => cutLoss(loss, again(), flow, { place, moving }))(np.zeros(shape));
      const entries = noise[place];
      assert(entries !== undefined, "every cut has noise");
      flow.set(place, roundedAtRandom(back, entries.ref, bits));
    }
    const result = valueAndGrad((...given: Tensor[]) => cutLoss(loss, given, flow), { argnums })(...tensors);
    for (const back of flow.values()) back.dispose();
    return result as JsTree<Tensor>; // typed for trees of arguments; here it gives one gradient per argument number
  };
}

/** The loss of the model cut everywhere, plus ⟨c, y − sg(y)⟩ of the cuts whose c is known: its value is the loss. */
function cutLoss(
  loss: Loss,
  tensors: Tensor[],
  flow: ReadonlyMap<number, Tensor>,
  varied?: { readonly place: number; readonly moving: Tensor },
): Tensor {
  const carried: Tensor[] = [];
  let next = 0;
  const atCut = (y: Tensor): Tensor => {
    const place = next++;
    const still = lax.stopGradient(y.ref);
    const back = flow.get(place);
    if (back === undefined) y.dispose();
    else carried.push(y.sub(still.ref).mul(back.ref).sum());
    if (varied === undefined || varied.place !== place) return still;
    return still.add(varied.moving.sub(lax.stopGradient(varied.moving.ref)));
  };
  const value = visitingCuts(atCut, () => loss(...tensors));
  return carried.reduce((sum, part) => sum.add(part), value);
}

/** One of 2^bits evenly spaced levels between the least and the largest entry, so that the mean of many is x. */
export function roundedAtRandom(x: Tensor, noise: Tensor, bits: number): Tensor {
  const low = np.min(x.ref);
  const step = np.maximum(
    np
      .max(x.ref)
      .sub(low.ref)
      .mul(1 / (2 ** bits - 1)),
    1e-30,
  );
  const level = np.floor(x.sub(low.ref).div(step.ref).add(noise));
  return np
    .minimum(level, 2 ** bits - 1)
    .mul(step)
    .add(low);
}
