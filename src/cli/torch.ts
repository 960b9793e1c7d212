/**
 * PyTorch as a yardstick: the same work on one thread of a Python that has it.
 */
import { spawn } from "node:child_process";
import { ConfigError } from "../base/errors.ts";
import { oneLine } from "./complaints.ts";
import { TORCH_MODELS } from "./torch-networks.ts";

export interface TorchTask {
  readonly kind: "sign" | "top-k" | "qsgd" | "natural" | "float16" | "cgx" | "mlp" | "cnn" | "resnet" | "gpt";
  /** Of the vector; for a model unused. */
  readonly entries?: number;
  /** Whether sign sends the mean magnitude. */
  readonly scaled?: boolean;
  /** Kept by top-k. */
  readonly kept?: number;
  /** Entries of a bucket; it divides `entries`. */
  readonly bucket?: number;
  /** qsgd: levels of a magnitude above 0; cgx: steps between minimum and maximum. */
  readonly levels?: number;
  readonly widths?: readonly number[];
  readonly layers?: number;
  readonly heads?: number;
  readonly width?: number;
  /** Of a residual network: "group" or "batch"; of qsgd: `max` or `2`. */
  readonly norm?: string;
  /** [channels, height, width]. */
  readonly image?: readonly number[];
  /** Symbols of a row. */
  readonly context?: number;
  readonly classes?: number;
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

/**
 * The operations that a PyTorch user would write: no custom kernels, as is usual in gradient compression. Each function
 * returns what would be sent, packed as tightly as here.
 */
const PROGRAM = `
import json, statistics, sys, time
import torch

torch.set_num_threads(1)
torch.manual_seed(1)

PLACES = torch.tensor([1, 2, 4, 8, 16, 32, 64, 128], dtype=torch.uint8)

def pack_bits(bits):
    return (bits.to(torch.uint8).view(-1, 8) * PLACES).sum(dim=1, dtype=torch.uint8)

def pack_nibbles(codes):
    pairs = codes.to(torch.uint8).view(-1, 2)
    return pairs[:, 0] | (pairs[:, 1] << 4)

def sign(x, scaled):
    return (pack_bits(x >= 0), x.abs().mean()) if scaled else pack_bits(x >= 0)

def top_k(x, kept):
    _, indices = torch.topk(x.abs(), kept, sorted=False)
    return indices, x[indices]

def qsgd(x, bucket, levels, norm):
    rows = x.view(-1, bucket)
    magnitudes = rows.abs()
    norms = magnitudes.amax(dim=1, keepdim=True) if norm == "max" else torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    scaled = magnitudes * (levels / norms.clamp(min=1e-30))
    rounded = torch.floor(scaled + torch.rand_like(scaled)).clamp(max=levels)
    return norms, pack_nibbles(torch.copysign(rounded, rows) + levels)

def natural(x):
    bits = x.view(torch.int32)
    rounded = (bits + torch.randint(0, 2**23, bits.shape, dtype=torch.int32)) >> 23
    return pack_bits(bits < 0), (rounded & 255).to(torch.uint8)

def float16(x):
    return x.to(torch.float16)

def cgx(x, bucket, levels):
    rows = x.view(-1, bucket)
    low, high = torch.aminmax(rows, dim=1, keepdim=True)
    unit = (high - low) / levels
    codes = torch.floor((rows - low) / unit.clamp(min=1e-30) + torch.rand_like(rows)).clamp(0, levels)
    return unit, low, pack_nibbles(codes)

${TORCH_MODELS}
COMPRESSORS = {"sign": sign, "top-k": top_k, "qsgd": qsgd, "natural": natural, "float16": float16, "cgx": cgx}

def work(task):
    options = {name: value for name, value in task.items() if name not in ("kind", "entries", "repeats")}
    if task["kind"] in MODELS:
        return MODELS[task["kind"]](**options)
    x = torch.randn(task["entries"])
    compress = COMPRESSORS[task["kind"]]
    def run():
        with torch.no_grad():
            compress(x, **options)
    return run

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
