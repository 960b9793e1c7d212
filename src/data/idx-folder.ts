/**
 * A folder of IDX files as MNIST comes: pairs of `*images*` and `*labels*`, gzipped or not.
 */
import { ConfigError, DataError } from "../base/errors.ts";
import { checkArguments } from "../base/spec.ts";
import type { Dataset, TrainTest } from "../ports/dataset.ts";
import { namesIn, readData } from "./files.ts";
import { idxDataset, parseIdx } from "./idx.ts";
import type { Memory } from "./memory.ts";
import { pathOf, testShareOf } from "./options.ts";
import type { DataSource } from "./source.ts";
import { heldOut, splitInOrder } from "./split.ts";

export interface IdxPair {
  readonly images: string;
  readonly labels: string;
}

export const idx: DataSource = {
  name: "idx",
  summary: "a folder with MNIST-like IDX files; two pairs are train and test, one pair is split in file order",
  options: ["DIR", "test=0.2"],
  async open(spec, _options, memory) {
    checkArguments(spec, "--data", 1, ["test"]);
    const folder = pathOf(spec, "idx:DIR");
    const pairs = pairsAmong(await namesIn(folder));
    const [only, second] = pairs;
    if (only === undefined || pairs.length > 2) {
      const hint = "A pair is named like train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz.";
      throw new DataError(folder, { expected: "one or two pairs of IDX files", got: `${pairs.length} pairs`, hint });
    }
    if (second === undefined) {
      const whole = await readPair(folder, only, memory);
      return splitInOrder(whole, heldOut(whole.rows, testShareOf(spec), folder));
    }
    if (spec.options.has("test")) {
      const hint = "The folder has a test set of its own.";
      throw new ConfigError("--data", { expected: "no test=… for two pairs of files", got: spec.text, hint });
    }
    return joined(
      await readPair(folder, trainAmong(only, second, folder), memory),
      await readPair(folder, testAmong(only, second), memory),
      folder,
    );
  },
};

/** The pairs among file names: a name with `images` and the same with `labels`; an unpacked file goes before its .gz. */
export function pairsAmong(names: readonly string[]): IdxPair[] {
  const labelled = new Map<string, string>();
  const pictured = new Map<string, string>();
  for (const name of [...names].sort().reverse()) {
    const key = name.replace(/\.gz$/, "").replace(/idx\d/, "idx");
    if (key.includes("images")) pictured.set(key.replace("images", "*"), name);
    else if (key.includes("labels")) labelled.set(key.replace("labels", "*"), name);
  }
  return [...pictured].flatMap(([key, images]) => {
    const labels = labelled.get(key);
    return labels === undefined ? [] : [{ images, labels }];
  });
}

const isTrain = (pair: IdxPair): boolean => pair.images.includes("train");

function trainAmong(a: IdxPair, b: IdxPair, folder: string): IdxPair {
  if (isTrain(a) !== isTrain(b)) return isTrain(a) ? a : b;
  const got = `${a.images} and ${b.images}`;
  throw new DataError(folder, { expected: "one of the two pairs to be named train", got });
}

const testAmong = (a: IdxPair, b: IdxPair): IdxPair => (isTrain(a) ? b : a);

async function readPair(folder: string, pair: IdxPair, memory: Memory): Promise<Dataset> {
  const base = folder.replace(/[/\\]+$/, "");
  const [images, labels] = [`${base}/${pair.images}`, `${base}/${pair.labels}`];
  const [pixels, numbers] = [await readData(images), await readData(labels)];
  return idxDataset(folder, parseIdx(pixels, images), parseIdx(numbers, labels), images, memory);
}

function joined(train: Dataset, test: Dataset, folder: string): TrainTest {
  if (String(train.inputShape) !== String(test.inputShape)) {
    throw new DataError(folder, {
      expected: `test images of the shape [${train.inputShape}]`,
      got: `[${test.inputShape}]`,
    });
  }
  const classes = Math.max(train.classes, test.classes);
  return { train: { ...train, classes }, test: { ...test, classes } };
}
