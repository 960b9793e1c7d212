/**
 * Messages a second through the simulator.
 *
 *     node bench/simulation.bench.ts [--tiny] [--json]
 */
import { formatBytes, formatSeconds } from "../src/base/units.ts";
import { benchSimulation } from "../src/simulation/benchmark.ts";

const tiny = process.argv.includes("--tiny");
const row = await benchSimulation(tiny ? { peers: 20, rounds: 3 } : {});
if (process.argv.includes("--json")) {
  console.log(JSON.stringify(row));
} else {
  const { peers, rounds, bodyBytes, seed, messages, virtualSeconds } = row;
  console.log(`star of ${peers} peers, ${rounds} rounds, bodies of ${formatBytes(bodyBytes)}, seed ${seed}`);
  console.log(`${messages} messages in ${formatSeconds(row.seconds)}: ${row.messagesPerSecond} a second`);
  console.log(`at most ${formatBytes(row.peakBytes)} of memory; virtual time ${virtualSeconds.toFixed(6)} s`);
}
