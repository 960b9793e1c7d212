/**
 * CIFAR-10 as its binary version comes: files of rows of one label byte and 3 × 32 × 32 bytes of red, green and blue.
 * @see Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images"
 */
import { ConfigError, DataError } from "../base/errors.ts";
import { checkArguments } from "../base/spec.ts";
import type { Dataset } from "../ports/dataset.ts";
import { namesIn, readData } from "./files.ts";
import { LIMITS } from "./limits.ts";
import type { Memory } from "./memory.ts";
import { pathOf, testShareOf } from "./options.ts";
import type { DataSource } from "./source.ts";
import { heldOut, splitInOrder } from "./split.ts";

const WIDTH = 3 * 32 * 32;
const ROW = 1 + WIDTH;
const CLASSES = 10;

export const cifar: DataSource = {
  name: "cifar",
  summary: "a folder with the binary files of CIFAR-10: data_batch_*.bin, and test_batch.bin or a split",
  options: ["DIR", "test=0.2 where there is no test_batch.bin"],
  async open(spec, _options, memory) {
    checkArguments(spec, "--data", 1, ["test"]);
    const folder = pathOf(spec, "cifar:DIR").replace(/[/\\]+$/, "");
    const names = await namesIn(folder);
    const read = async (wanted: RegExp, place: Memory): Promise<Dataset | undefined> => {
      const found = names.filter((name) => wanted.test(name));
      const files = await Promise.all(found.map((name) => readData(`${folder}/${name}`)));
      return found.length === 0 ? undefined : parseCifar(files, folder, place);
    };
    const train = await read(/^data_batch.*\.bin(\.gz)?$/, memory);
    const test = await read(/^test_batch.*\.bin(\.gz)?$/, memory);
    if (train === undefined) {
      const hint = "shapes needs no files: --data shapes.";
      throw new DataError(folder, { expected: "files named data_batch_1.bin and so on", got: names.join(", "), hint });
    }
    if (test === undefined) return splitInOrder(train, heldOut(train.rows, testShareOf(spec), folder));
    if (spec.options.has("test")) {
      const hint = "The folder has a test set of its own.";
      throw new ConfigError("--data", { expected: "no test=… beside test_batch.bin", got: spec.text, hint });
    }
    return { train, test };
  },
};

/**
 * Rows of several files, pixels divided by 255.
 * @param where names the folder in errors
 * @throws {DataError} if a file is no whole number of rows, or has a label above 9
 */
export function parseCifar(files: readonly Uint8Array[], where: string, memory: Memory): Dataset {
  const broken = files.find((file) => file.length === 0 || file.length % ROW !== 0);
  if (broken !== undefined) {
    throw new DataError(where, { expected: `files of whole rows of ${ROW} bytes`, got: `${broken.length} bytes` });
  }
  const rows = files.reduce((sum, file) => sum + file.length / ROW, 0);
  if (rows * WIDTH > LIMITS.entries) {
    throw new DataError(where, { expected: `at most ${LIMITS.entries} entries`, got: rows * WIDTH });
  }
  const inputs = memory.floats(rows * WIDTH);
  const targets = memory.ints(rows);
  let row = 0;
  for (const file of files) {
    for (let at = 0; at < file.length; at += ROW, row++) {
      const label = file[at]!;
      if (label >= CLASSES)
        throw new DataError(`${where}: row ${row}`, { expected: "a label from 0 to 9", got: label });
      targets[row] = label;
      for (let i = 0; i < WIDTH; i++) inputs[row * WIDTH + i] = file[at + 1 + i]! / 255;
    }
  }
  return { name: where, rows, inputShape: [3, 32, 32], inputs, targets, classes: CLASSES };
}
