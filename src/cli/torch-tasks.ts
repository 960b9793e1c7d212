/**
 * What PyTorch is given to do beside a compressor: the same result, by the operations that its users write.
 */
import { parseSpec, type Spec } from "../base/spec.ts";
import type { CodecRow } from "../channels/benchmark.ts";
import type { Torch, TorchTask } from "./torch.ts";

/** GB/s of f32 input by row; undefined where PyTorch has nothing of the kind. */
export async function torchRates(
  torch: Torch,
  python: string,
  rows: readonly Pick<CodecRow, "compressor">[],
  entries: number,
  repeats: number,
): Promise<(number | undefined)[]> {
  const tasks = rows.map(({ compressor }) => torchTaskOf(compressor, entries, repeats));
  const left = [
    ...(await torch(
      python,
      tasks.filter((task) => task !== undefined),
    )),
  ];
  return tasks.map((task) => (task === undefined ? undefined : (4 * (task.entries ?? 0)) / left.shift()! / 1e9));
}

export function torchTaskOf(compressor: string, entries: number, repeats: number): TorchTask | undefined {
  if (/\+\s*[a-z]/i.test(compressor)) return undefined;
  const spec = parseSpec(compressor, "compressor");
  if (spec.options.has("entropy")) return undefined;
  switch (spec.name) {
    case "sign":
      return { kind: "sign", scaled: spec.options.get("scale") !== "none", repeats, ...whole(entries, 8) };
    case "top-k":
      return { kind: "top-k", entries, kept: keptOf(spec, entries), repeats };
    case "natural":
      return { kind: "natural", repeats, ...whole(entries, 8) };
    case "float16":
      return { kind: "float16", entries, repeats };
    case "qsgd":
      return spec.options.get("code") === "fixed" ? quantised(spec, "qsgd", entries, repeats) : undefined;
    case "cgx":
      return quantised(spec, "cgx", entries, repeats);
    default:
      return undefined;
  }
}

/** PyTorch reshapes only what divides evenly; the last few entries are left out. */
const whole = (entries: number, by: number): { entries: number } => ({ entries: entries - (entries % by) });

/** Only what fits four bits an entry, in buckets: where a user would pack two entries a byte by hand. */
function quantised(spec: Spec, kind: "qsgd" | "cgx", entries: number, repeats: number): TorchTask | undefined {
  const option = (name: string, otherwise: number) => Number(spec.options.get(name) ?? otherwise);
  const bucket = option("bucket", kind === "cgx" ? 1024 : 512);
  const levels = kind === "cgx" ? 2 ** option("bits", 4) - 1 : option("levels", 7);
  if (bucket % 2 !== 0 || levels > (kind === "cgx" ? 15 : 7)) return undefined;
  const norm = spec.options.get("norm") ?? "2";
  return { kind, bucket, levels, ...(kind === "qsgd" ? { norm } : {}), repeats, ...whole(entries, bucket) };
}

function keptOf({ values }: Spec, entries: number): number {
  const [size = "0.01"] = values;
  const kept = /^\d+$/.test(size) ? Number(size) : Math.round(Number(size) * entries);
  return Math.min(entries, Math.max(1, kept));
}
