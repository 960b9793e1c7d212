import { lax, nn, numpy as np } from "@jax-js/jax";
import type { Tensor } from "../define.ts";
import { cut, isCutting } from "./cuts.ts";
import { roundedInputs, roundedWeights } from "./precision.ts";

/**
 * A long short-term memory, unrolled over all positions.
 *
 * The model may be cut before the gates of all positions at once: the gradient that enters them is rounded before it goes to
 * the weights and to what is below. From one position to that before it flows as it is.
 * @param x [rows, positions, in]
 * @param input weights [in, 4 · width] of input, forget and output gate and candidate, side by side
 * @param state weights [width, 4 · width]
 * @param bias [4 · width]
 * @returns the state after each position, [rows, positions, width]
 * @see Hochreiter & Schmidhuber 1997, "Long Short-Term Memory"
 */
export function lstm(x: Tensor, input: Tensor, state: Tensor, bias: Tensor): Tensor {
  // The part that does not wait for the state is one product over all positions.
  const driven = np.matmul(roundedInputs(x, input), roundedWeights(input)).add(roundedWeights(bias));
  const seen = (hidden: Tensor): Tensor => roundedInputs(hidden, state);
  const weights = roundedWeights(state);
  if (!isCutting()) {
    const states = unrolled(driven, (hidden) => np.matmul(seen(hidden), weights.ref));
    weights.dispose();
    return np.concatenate(states, 1);
  }
  const still = lax.stopGradient(weights.ref);
  const shown = unrolled(lax.stopGradient(driven.ref), (hidden) => np.matmul(seen(hidden), still.ref));
  const before = [np.zeros(shown[0]!.shape), ...shown.slice(0, -1).map(seen)];
  shown.at(-1)?.dispose();
  const gates = cut(driven.add(np.matmul(np.concatenate(before, 1), weights)));
  // hidden − sg(hidden) is 0, with the gradient of hidden: the product is in the gates already.
  const states = unrolled(gates, (hidden) => np.matmul(hidden.sub(lax.stopGradient(hidden.ref)), still.ref));
  still.dispose();
  return np.concatenate(states, 1);
}

/**
 * @param gates of each position, but for what the state adds
 * @param fed what the state before a position adds
 * @returns the states, [rows, 1, width] each
 */
function unrolled(gates: Tensor, fed: (hidden: Tensor) => Tensor): Tensor[] {
  const [rows = 1, positions = 1, size = 4] = gates.shape;
  let hidden: Tensor | undefined;
  let cell: Tensor | undefined;
  const states: Tensor[] = [];
  for (const part of np.split(gates, positions, 1)) {
    const own = part.reshape([rows, size]);
    const sum = hidden === undefined ? own : own.add(fed(hidden));
    const [fresh, kept, shown, candidate] = np.split(sum, 4, -1) as [Tensor, Tensor, Tensor, Tensor];
    const added = nn.sigmoid(fresh).mul(np.tanh(candidate));
    cell = cell === undefined ? disposing(kept, added) : nn.sigmoid(kept).mul(cell).add(added);
    hidden = nn.sigmoid(shown).mul(np.tanh(cell.ref));
    states.push(hidden.ref.reshape([rows, 1, size / 4]));
  }
  hidden?.dispose();
  cell?.dispose();
  return states;
}

function disposing(unused: Tensor, result: Tensor): Tensor {
  unused.dispose();
  return result;
}
