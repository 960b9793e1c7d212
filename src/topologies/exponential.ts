/**
 * Exponential graphs: peer i tells i + 1, i + 2, i + 4, … (mod n). Directed and doubly stochastic.
 * @see Ying, Yuan, Chen, Hu, Pan & Yin 2021, "Exponential Graph is Provably Efficient for Decentralized Deep Training",
 *   arXiv:2110.13363
 */
import { circulant, type Topology } from "./topology.ts";

/** All at once: ⌈log₂ n⌉ messages a peer and round. ‖W − 1/n‖ = 1 − 2/(1 + ⌈log₂ n⌉) for even n, less for odd n. */
export const exponential = (n: number): Topology => circulant("exponential", n, [offsets(n)]);

/**
 * One at a time, weight ½: one message a peer and round. Any ⌈log₂ n⌉ rounds in a row average exactly if n is a power of
 * two; else the mean is only approached.
 */
export const onePeerExponential = (n: number): Topology =>
  circulant("one-peer-exponential", n, n === 1 ? [[]] : offsets(n).map((offset) => [offset]));

function offsets(n: number): number[] {
  const found: number[] = [];
  for (let offset = 1; offset < n; offset *= 2) found.push(offset);
  return found;
}
