/**
 * The same training step in PyTorch, for comparison. Node only.
 */
import { ModelError } from "../base/errors.ts";
import { parseSpec } from "../base/spec.ts";
import { messageOf } from "./objective.ts";

/** Times `steps` steps on one thread and prints the median CPU time in milliseconds. */
const SCRIPT = `
import sys, time, torch
sizes, batch, steps = [int(n) for n in sys.argv[1].split(",")], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(1)
torch.manual_seed(1)
layers = []
for a, b in zip(sizes, sizes[1:]):
    layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
model = torch.nn.Sequential(*layers[:-1])
x, y = torch.rand(batch, sizes[0]), torch.randint(sizes[-1], (batch,))
times = []
for step in range(steps + steps // 10 + 1):
    start = time.process_time()
    model.zero_grad(set_to_none=False)
    torch.nn.functional.cross_entropy(model(x), y).backward()
    times.append(1000 * (time.process_time() - start))
times = sorted(times[-steps:])
print(times[len(times) // 2])
`;

/**
 * Median CPU time of a step, in milliseconds; undefined for a model other than an mlp.
 * @param python path of an interpreter that has torch
 * @throws {ModelError} if it cannot be run, or has no torch
 */
export async function torchMs(python: string, spec: string, batch: number, steps: number): Promise<number | undefined> {
  const { name, values } = parseSpec(spec, "model");
  if (name !== "mlp") return undefined;
  const [{ execFile }, { promisify }] = await Promise.all([import("node:child_process"), import("node:util")]);
  const sizes = [784, ...(values.length === 0 ? ["128"] : values), 10].join(",");
  try {
    const { stdout } = await promisify(execFile)(python, ["-c", SCRIPT, sizes, String(batch), String(steps)]);
    return Number(stdout);
  } catch (cause) {
    throw new ModelError(`python ${python}`, {
      expected: "an interpreter with torch",
      got: messageOf(cause).trim().split("\n").at(-1),
      hint: "Name one with --python PATH.",
      cause,
    });
  }
}
