/**
 * How fast compressors run, in GB/s of f32 input, and beside a copy of the same bytes in the same run:
 *
 *     node bench/codecs.bench.ts [spec ...] [--entries 4194304] [--rounds 9] [--json] [--against torch --python PATH]
 */
import { parseArgs } from "node:util";
import { ThinwireError } from "../src/base/errors.ts";
import { parseNumber } from "../src/base/spec.ts";
import { seconds } from "../src/base/units.ts";
import { benchCodecs } from "../src/channels/benchmark.ts";
import { runTorch } from "../src/cli/torch.ts";
import { torchRates } from "../src/cli/torch-tasks.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    entries: { type: "string", default: "4194304" },
    rounds: { type: "string", default: "9" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    against: { type: "string" },
    python: { type: "string", default: "python3" },
  },
});

const result = benchCodecs({
  entries: parseNumber(values.entries, "--entries", { min: 1, integer: true }),
  rounds: parseNumber(values.rounds, "--rounds", { min: 1, integer: true }),
  seed: parseNumber(values.seed, "--seed", { min: 0, integer: true }),
  ...(positionals.length === 0 ? {} : { compressors: positionals }),
  clock: () => seconds(performance.now() / 1000),
});
const { entries, rounds } = result;
const torch =
  values.against === "torch"
    ? await torchRates(runTorch, values.python, result.rows, entries, rounds).catch(complain)
    : [];
const rows = result.rows.map((row, i) => {
  const rate = torch[i];
  return rate === undefined ? row : { ...row, torchEncodeGBs: rate, timesTorch: row.encodeGBs / rate };
});

if (values.json) console.log(JSON.stringify({ ...result, rows }));
else print();

function print(): void {
  const { engine, seed, checksum, memcpyGBs } = result;
  console.log(`${entries} entries, median of ${rounds} rounds, ${engine} kernels, seed ${seed}, checksum ${checksum}`);
  console.log(
    `GB/s of f32 input, and in brackets over a copy of the same bytes, which runs at ${memcpyGBs.toFixed(2)}`,
  );
  const table = rows.map(({ ofMemcpy, ...row }) => ({
    compressor: row.compressor,
    encode: both(row.encodeGBs, ofMemcpy.encode),
    "with feedback": both(row.encodeWithFeedbackGBs, ofMemcpy.encodeWithFeedback),
    decode: both(row.decodeGBs, ofMemcpy.decode),
    "decode and add": both(row.decodeAddGBs, ofMemcpy.decodeAdd),
    "decode and add ÷ encode, time": row.decodeOverEncode.toFixed(2),
    "encode, plain kernels": row.twinEncodeGBs.toFixed(2),
    "bits an entry": row.bitsPerEntry.toFixed(3),
    ...("timesTorch" in row
      ? { PyTorch: row.torchEncodeGBs.toFixed(2), "times faster": row.timesTorch.toFixed(1) }
      : {}),
  }));
  console.table(Object.fromEntries(table.map(({ compressor, ...figures }) => [compressor, figures])));
}

function both(rate: number, ratio: number): string {
  return `${rate.toFixed(2)} (${ratio.toFixed(2)})`;
}

function complain(error: unknown): never {
  console.error(error instanceof ThinwireError ? error.message : error);
  process.exit(1);
}
