import { nn, numpy as np } from "@jax-js/jax";
import type { Tensor } from "../define.ts";

/**
 * A long short-term memory, unrolled over all positions.
 * @param x [rows, positions, in]
 * @param input weights [in, 4 · width] of input, forget and output gate and candidate, side by side
 * @param state weights [width, 4 · width]
 * @param bias [4 · width]
 * @returns the state after each position, [rows, positions, width]
 * @see Hochreiter & Schmidhuber 1997, "Long Short-Term Memory"
 */
export function lstm(x: Tensor, input: Tensor, state: Tensor, bias: Tensor): Tensor {
  const [rows = 1, positions = 1] = x.shape;
  const width = (bias.shape[0] ?? 4) / 4;
  // The part that does not wait for the state is one product over all positions.
  const driven = np.matmul(x, input).add(bias);
  let hidden: Tensor | undefined;
  let cell: Tensor | undefined;
  const states: Tensor[] = [];
  for (const [t, part] of np.split(driven, positions, 1).entries()) {
    const own = part.reshape([rows, 4 * width]);
    const gates = hidden === undefined ? own : own.add(np.matmul(hidden, t === positions - 1 ? state : state.ref));
    const [fresh, kept, shown, candidate] = np.split(gates, 4, -1) as [Tensor, Tensor, Tensor, Tensor];
    const added = nn.sigmoid(fresh).mul(np.tanh(candidate));
    cell = cell === undefined ? disposing(kept, added) : nn.sigmoid(kept).mul(cell).add(added);
    hidden = nn.sigmoid(shown).mul(np.tanh(cell.ref));
    states.push(hidden.ref.reshape([rows, 1, width]));
  }
  hidden?.dispose();
  cell?.dispose();
  return np.concatenate(states, 1);
}

function disposing(unused: Tensor, result: Tensor): Tensor {
  unused.dispose();
  return result;
}
