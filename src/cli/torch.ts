/**
 * PyTorch as a yardstick: the same work on one thread of a Python that has it.
 */
import { spawn } from "node:child_process";
import { ConfigError } from "../base/errors.ts";
import { oneLine } from "./complaints.ts";

export interface TorchTask {
  readonly kind: "sign" | "top-k" | "mlp";
  /** Of the vector; for a model unused. */
  readonly entries?: number;
  /** Kept by top-k. */
  readonly kept?: number;
  readonly widths?: readonly number[];
  readonly batch?: number;
  readonly repeats: number;
}

/** Median seconds of CPU time of each task. */
export type Torch = (python: string, tasks: readonly TorchTask[]) => Promise<readonly number[]>;

/** @throws {ConfigError} if that Python cannot be started or has no torch */
export const runTorch: Torch = async (python, tasks) => {
  const output = await outputOf(python, ["-c", PROGRAM, JSON.stringify(tasks)]);
  const times: unknown = JSON.parse(output.trim().split("\n").at(-1) ?? "");
  if (Array.isArray(times) && times.length === tasks.length && times.every((time) => typeof time === "number"))
    return times;
  throw new ConfigError("--python", { expected: "one time for each task", got: output });
};

function outputOf(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (got: string, cause?: unknown) =>
      reject(
        new ConfigError("--python", { expected: "a Python that has torch", got: `${command}: ${oneLine(got)}`, cause }),
      );
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let complaints = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
    child.on("error", (error) => fail(error.message, error));
    child.on("close", (code) => (code === 0 ? resolve(output) : fail(complaints.trim().split("\n").at(-1) ?? "")));
  });
}

/** The operations that a PyTorch user would write: no custom kernels, as is usual in gradient compression. */
const PROGRAM = `
import json, statistics, sys, time
import torch

torch.set_num_threads(1)
torch.manual_seed(1)

def pack_signs(x):
    weights = torch.tensor([1, 2, 4, 8, 16, 32, 64, 128], dtype=torch.uint8)
    bits = (x >= 0).to(torch.uint8).view(-1, 8)
    return (bits * weights).sum(dim=1, dtype=torch.uint8), x.abs().mean()

def top_k(x, kept):
    _, indices = torch.topk(x.abs(), kept, sorted=False)
    return indices, x[indices]

def mlp(widths, batch):
    layers = []
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        layers += [torch.nn.Linear(a, b)] + ([torch.nn.ReLU()] if i + 2 < len(widths) else [])
    model = torch.nn.Sequential(*layers)
    inputs = torch.rand(batch, widths[0])
    targets = torch.randint(widths[-1], (batch,))
    def step():
        model.zero_grad(set_to_none=False)
        torch.nn.functional.cross_entropy(model(inputs), targets).backward()
    return step

def work(task):
    if task["kind"] == "mlp":
        return mlp(task["widths"], task["batch"])
    x = torch.randn(task["entries"])
    return (lambda: pack_signs(x)) if task["kind"] == "sign" else (lambda: top_k(x, task["kept"]))

def median(task):
    run = work(task)
    times = []
    for i in range(3 + task["repeats"]):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return statistics.median(times[3:])

print(json.dumps([median(task) for task in json.loads(sys.argv[1])]))
`;
