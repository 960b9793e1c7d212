/**
 * All-reduce of plain f32 vectors: every member gets the mean of the workers' vectors, bit for bit the same. Times of a
 * round for n members, latency α, and β seconds for each byte of S through a port, both directions at once:
 *
 *     ring         2(n − 1) α + 2(n − 1)/n Sβ        the fewest messages at a time
 *     halving      2 log₂ n α + 2(n − 1)/n Sβ        where n = 2^k, else two vectors and two latencies more
 *     tree         2 log₂ n (α + Sβ)                 where n = 2^k; small vectors
 *     butterfly    2 α + 2(n − 1)/n Sβ               n² messages
 */
import { butterfly } from "./butterfly.ts";
import { halvingDoubling } from "./halving-doubling.ts";
import type { Pattern } from "./pattern.ts";
import { ringAllReduce } from "./ring-all-reduce.ts";
import { treeAllReduce } from "./tree-all-reduce.ts";

export const ALL_REDUCES = ["butterfly", "ring", "halving", "tree"] as const;
export type AllReduce = (typeof ALL_REDUCES)[number];

const patterns: Readonly<Record<AllReduce, Pattern>> = {
  ring: ringAllReduce,
  halving: halvingDoubling,
  tree: treeAllReduce,
  butterfly: butterfly(),
};

export const allReduce = ({ by }: { readonly by: AllReduce }): Pattern => patterns[by];
