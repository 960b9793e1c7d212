/**
 * The bench that experiments work on: files of a folder, each read once.
 */
import { readData } from "../data/files.ts";
import { parseLibsvm } from "../data/libsvm.ts";
import type { Dataset } from "../ports/dataset.ts";
import type { Bench } from "./experiment.ts";

export function openBench(folder: string, signal: AbortSignal): Bench {
  const known = new Map<string, Promise<Dataset>>();
  return {
    folder,
    signal,
    libsvm(file) {
      const path = `${folder}/${file}`;
      const data = known.get(file) ?? readData(path).then((bytes) => parseLibsvm(bytes, path));
      known.set(file, data);
      return data;
    },
  };
}
