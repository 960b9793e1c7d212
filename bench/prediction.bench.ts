/**
 * How well the simulator foretells: wall time of `train` on paced worker threads beside the virtual time of `simulate` with
 * measured compute and as many cores as this machine has.
 *
 *     node bench/prediction.bench.ts [--rounds 60] [--repeats 3] [--cores 2] [--json]
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { checkJob, type JobOptions } from "../src/runs/job.ts";
import { simulateJob } from "../src/runs/simulate.ts";
import { train } from "../src/runs/train.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "60" },
    repeats: { type: "string", default: "3" },
    cores: { type: "string", default: String(availableParallelism()) },
    json: { type: "boolean", default: false },
  },
});

const RECIPES: readonly JobOptions[] = [
  { recipe: "sgd", link: "100mbit" },
  { recipe: "double-squeeze", compressor: "top-k:0.01", link: "20mbit" },
  { recipe: "stc:steps=4", compressor: "stc:0.01", link: "5mbit/10ms" },
  { recipe: "all-reduce-sgd", link: "100mbit" },
  { recipe: "d-psgd", link: "50mbit/5ms" },
];

const common: JobOptions = { model: "mlp:512,128", peers: "4", rounds: values.rounds, evalEvery: "1000000" };

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

interface Row {
  readonly recipe: string;
  readonly link: string;
  /** Medians of the repeats, in milliseconds a round. */
  readonly train: number;
  readonly simulated: number;
  /** simulated / train, the median of the repeats. */
  readonly ratio: number;
}

async function measure(options: JobOptions): Promise<Row> {
  const rounds = Number(values.rounds);
  const times: { train: number; simulated: number }[] = [];
  for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
    const job = checkJob({ ...common, ...options, compute: "measured" });
    const real = await train(job);
    const virtual = await simulateJob({ ...job, faults: { cores: Number(values.cores) } });
    times.push({ train: (1000 * real.seconds) / rounds, simulated: (1000 * virtual.seconds) / rounds });
  }
  return {
    recipe: `${options.recipe}${options.compressor === undefined ? "" : `/${options.compressor}`}`,
    link: options.link ?? "",
    train: median(times.map((time) => time.train)),
    simulated: median(times.map((time) => time.simulated)),
    ratio: median(times.map((time) => time.simulated / time.train)),
  };
}

const rows: Row[] = [];
for (const options of RECIPES) {
  const row = await measure(options);
  rows.push(row);
  if (values.json) continue;
  const { recipe, link, train: real, simulated, ratio } = row;
  console.log(
    `${recipe} at ${link}: ${real.toFixed(1)} ms a round, foretold ${simulated.toFixed(1)} (${ratio.toFixed(3)})`,
  );
}
if (values.json) console.log(JSON.stringify({ rows }));
