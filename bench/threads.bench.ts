/**
 * What it costs to move bodies between worker threads, without paced wires: four peers, rank 0 serves; in each round it
 * sends one body to the three others and takes one from each.
 *
 *   node bench/threads.bench.ts [--json] [--tiny]
 *
 * Each figure is a median at the server. GB/s counts the six bodies of a round; the last column sets the round beside one
 * plain copy of the same bytes, made between the rounds. On its way a body is copied once and summed twice, in three
 * threads. `--tiny` only shows that the benchmark runs: its figures mean nothing.
 */
import { parseArgs } from "node:util";
import { peerId } from "../src/ports/view.ts";
import { siblingEntry, startThreads } from "../src/transports/threads/index.ts";
import type { StarOptions, StarTimes } from "./threads-entry.ts";

const { values: options } = parseArgs({ options: { json: { type: "boolean" }, tiny: { type: "boolean" } } });

const SEED = 1;
const PEERS = 4;
const BODY_BYTES = options.tiny ? [20_000] : [1000, 20_000, 200_000, 1_900_000];
const ROUNDS = options.tiny ? 3 : 500;

interface Row {
  readonly bodyBytes: number;
  readonly msPerRound: number;
  readonly GBs: number;
  readonly memcpyMs: number;
  /** A round ÷ a copy of its bytes. */
  readonly ratio: number;
  readonly checksum: number;
}

const rows: Row[] = [];
for (const bodyBytes of BODY_BYTES) rows.push(await measure(bodyBytes));
report();

async function measure(bodyBytes: number): Promise<Row> {
  const members = Array.from({ length: PEERS }, (_, id) => peerId(id));
  const swarm = startThreads<StarTimes>({
    entry: siblingEntry("./threads-entry", import.meta.url),
    data: { bodyBytes, rounds: ROUNDS } satisfies StarOptions,
    view: { epoch: 0, members, workers: members },
    seed: SEED,
  });
  const { roundMs, memcpyMs, checksum } = (await swarm.done)[0]!;
  const bytes = 2 * (PEERS - 1) * bodyBytes;
  return { bodyBytes, msPerRound: roundMs, GBs: bytes / roundMs / 1e6, memcpyMs, ratio: roundMs / memcpyMs, checksum };
}

function report(): void {
  if (options.json) {
    console.log(JSON.stringify({ seed: SEED, peers: PEERS, rounds: ROUNDS, rows }));
    return;
  }
  const figure = (value: number, digits: number) => value.toFixed(digits).padStart(11);
  console.log(`${PEERS} peers, ${ROUNDS} rounds, seed ${SEED}`);
  console.log("body bytes   ms/round       GB/s  memcpy ms      ratio   checksum");
  for (const { bodyBytes, msPerRound, GBs, memcpyMs, ratio, checksum } of rows) {
    const figures = [figure(msPerRound, 3), figure(GBs, 2), figure(memcpyMs, 3), figure(ratio, 1), figure(checksum, 0)];
    console.log(String(bodyBytes).padStart(10) + figures.join(""));
  }
}
