/** The files of `docs/wire`, by name, and what they must hold. */
import { compressors } from "../../src/compressors/registry.ts";
import { goldenFrames } from "./frames.ts";
import { goldenFile } from "./vectors.ts";

/** What no entry of the registry is an example of. */
export const COMPOSITIONS: readonly string[] = [
  "top-k:0.1+natural",
  "top-k:0.1+sign",
  "rand-k:0.1+qsgd:levels=7,bucket=512,code=fixed",
  "linear-dithering:levels=7+natural",
  "natural:entropy=range",
  "cgx:bits=4,bucket=1024,entropy=range",
  "terngrad:entropy=range",
];

export const goldenFiles: ReadonlyMap<string, () => object> = new Map<string, () => object>([
  ["frame", () => ({ frames: goldenFrames() })],
  ["compositions", () => goldenFile("compositions", COMPOSITIONS)],
  ...[...compressors.values()].map((entry) => [entry.name, () => goldenFile(entry.name, entry.examples)] as const),
]);

const ZERO = "minus zero";

/** JSON that keeps the sign of zero. */
export const toJson = (file: object): string =>
  JSON.stringify(file, (_, value: unknown) => (Object.is(value, -0) ? ZERO : value)).replaceAll(`"${ZERO}"`, "-0.0");
