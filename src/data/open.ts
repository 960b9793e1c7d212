/**
 * The data sources by name, and the one way to open them.
 */
import { lookUp, parseSpec } from "../base/spec.ts";
import type { TrainTest } from "../ports/dataset.ts";
import { cifar } from "./cifar.ts";
import { csv } from "./csv-file.ts";
import { digits } from "./digits.ts";
import { idx } from "./idx-folder.ts";
import { libsvm } from "./libsvm-file.ts";
import { ownMemory, sharedMemory } from "./memory.ts";
import { shapes } from "./shapes.ts";
import type { DataOptions, DataSource } from "./source.ts";
import { text } from "./text-file.ts";

export const dataSources: ReadonlyMap<string, DataSource> = new Map(
  [digits, idx, libsvm, csv, text, cifar, shapes].map((source) => [source.name, source]),
);

/**
 * Opens a data set by its spec: `digits`, `idx:DIR`, `libsvm:FILE`, `csv:FILE,label=first`, `text:FILE`,
 * `cifar:DIR`, `shapes`.
 * The same spec, seed and files give the same rows in the same order on every machine.
 * @throws {ConfigError} on a spec that says nothing; {DataError} on a file that cannot be read or breaks its format
 */
export async function openData(spec: string, options: DataOptions): Promise<TrainTest> {
  const parsed = parseSpec(spec, "--data");
  const source = lookUp(dataSources, parsed.name, "--data", "a data source");
  return source.open(parsed, options, options.shared === true ? sharedMemory : ownMemory);
}
