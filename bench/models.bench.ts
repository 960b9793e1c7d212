/**
 * CPU time of one training step on each engine:
 *
 *     node bench/models.bench.ts [--steps 100] [--batch 64] [--model cnn] [--json] [--against torch --python PATH]
 */
import { parseArgs } from "node:util";
import { ThinwireError } from "../src/base/errors.ts";
import { runTorch } from "../src/cli/torch.ts";
import { torchModelTask } from "../src/cli/torch-models.ts";
import { benchModels } from "../src/models/benchmark.ts";
import type { DataInfo } from "../src/models/define.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    steps: { type: "string", default: "100" },
    batch: { type: "string" },
    model: { type: "string", multiple: true, default: ["mlp:512,128", "cnn", "gpt"] },
    against: { type: "string" },
    python: { type: "string", default: "python3" },
  },
});

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

async function torchMs(spec: string, batch: number, steps: number, data: DataInfo): Promise<number | undefined> {
  const task = torchModelTask(spec, data, batch, steps);
  const [seconds] = task === undefined ? [] : await runTorch(values.python, [task]);
  return seconds === undefined ? undefined : 1000 * seconds;
}

const measured = benchModels({
  cpuMs,
  specs: values.model,
  ...(values.batch === undefined ? {} : { batch: Number(values.batch) }),
  steps: Number(values.steps),
  ...(values.against === "torch" ? { torchMs } : {}),
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
    console.log(`${row.model} on ${row.engine}: ${times}; checksum ${row.checksum}`);
  }
}
