/**
 * node bench/codecs.bench.ts [--entries 4194304] [--rounds 9] [--json]
 */
import { parseArgs } from "node:util";
import { parseNumber } from "../src/base/spec.ts";
import { seconds } from "../src/base/units.ts";
import { benchCodecs } from "../src/channels/benchmark.ts";

const { values } = parseArgs({
  options: {
    entries: { type: "string", default: "4194304" },
    rounds: { type: "string", default: "9" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});

const result = benchCodecs({
  entries: parseNumber(values.entries, "--entries", { min: 1, integer: true }),
  rounds: parseNumber(values.rounds, "--rounds", { min: 1, integer: true }),
  seed: parseNumber(values.seed, "--seed", { min: 0, integer: true }),
  clock: () => seconds(performance.now() / 1000),
});

if (values.json) {
  console.log(JSON.stringify(result));
} else {
  const { engine, entries, rounds, seed, checksum, memcpyGBs, rows } = result;
  console.log(`${entries} entries, median of ${rounds} rounds, ${engine} kernels, seed ${seed}, checksum ${checksum}`);
  console.log(`GB/s of f32 input; memcpy ${memcpyGBs.toFixed(2)}`);
  console.table(
    Object.fromEntries(
      rows.map((row) => [
        row.compressor,
        {
          encode: row.encodeGBs.toFixed(2),
          "with feedback": row.encodeWithFeedbackGBs.toFixed(2),
          decode: row.decodeGBs.toFixed(2),
          "decode and add": row.decodeAddGBs.toFixed(2),
          "encode, plain kernels": row.twinEncodeGBs.toFixed(2),
          "bits an entry": row.bitsPerEntry.toFixed(3),
        },
      ]),
    ),
  );
}
