import { nn, numpy as np } from "@jax-js/jax";
import type { Tensor } from "../define.ts";
import { inProducts } from "./form.ts";

/**
 * The rows of a table that indices name.
 * @param table [symbols, width]
 * @param indices whole numbers from 0 to symbols − 1, as int32 or as f32
 */
export function embedding(table: Tensor, indices: Tensor): Tensor {
  const places = indices.astype(np.int32);
  // jax-js compiles no step that scatters what it computes, and runs it ten times slower: there rows are products.
  return inProducts() ? np.matmul(nn.oneHot(places, table.shape[0] ?? 1), table) : table.slice(places);
}
