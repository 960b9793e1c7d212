/**
 * CPU time of one training step on each engine:
 *
 *     node bench/models.bench.ts [--steps 100] [--batch 64] [--json] [--against torch --python PATH]
 */
import { parseArgs } from "node:util";
import { ThinwireError } from "../src/base/errors.ts";
import { benchModels } from "../src/models/benchmark.ts";
import { torchMs } from "../src/models/torch.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    steps: { type: "string", default: "100" },
    batch: { type: "string", default: "64" },
    model: { type: "string", multiple: true, default: ["mlp:512,128"] },
    against: { type: "string" },
    python: { type: "string", default: "python3" },
  },
});

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const measured = benchModels({
  cpuMs,
  specs: values.model,
  batch: Number(values.batch),
  steps: Number(values.steps),
  ...(values.against === "torch" ? { torchMs: (...step) => torchMs(values.python, ...step) } : {}),
});
const { rows } = await measured.catch((error: unknown) => {
  console.error(error instanceof ThinwireError ? error.message : error);
  process.exit(1);
});

if (values.json) {
  console.log(JSON.stringify({ rows }));
} else {
  for (const row of rows) {
    const torch = row.torchMs === undefined ? "" : `, PyTorch ${row.torchMs.toFixed(2)}`;
    const times = `median ${row.ms.toFixed(2)} ms, fastest ${row.msMin.toFixed(2)}${torch}`;
    console.log(`${row.model} on ${row.engine}, batch ${values.batch}: ${times}; checksum ${row.checksum}`);
  }
}
