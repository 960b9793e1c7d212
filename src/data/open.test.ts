import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { ConfigError, DataError } from "../base/errors.ts";
import type { Dataset, TrainTest } from "../ports/dataset.ts";
import { pairsAmong } from "./idx-folder.ts";
import { dataSources, openData } from "./open.ts";
import { needs, PUBLIC_DATA } from "./readers.contract.ts";

/** Runs `body` with a folder that holds the files. */
async function withFiles(
  files: Record<string, string | Uint8Array>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "thinwire-data-"));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const rowsOf = ({ rows, inputs, targets }: Dataset): string[] => {
  const width = inputs.length / rows;
  return Array.from({ length: rows }, (_, i) => `${inputs.subarray(i * width, (i + 1) * width)} -> ${targets[i]}`);
};
const allRows = ({ train, test: held }: TrainTest): string[] => [...rowsOf(train), ...rowsOf(held)].sort();

const images = (rows: number): Uint8Array =>
  Uint8Array.of(0, 0, 8, 3, 0, 0, 0, rows, 0, 0, 0, 1, 0, 0, 0, 2, ...Array.from({ length: 2 * rows }, (_, i) => i));
const labels = (rows: number): Uint8Array =>
  Uint8Array.of(0, 0, 8, 1, 0, 0, 0, rows, ...Array.from({ length: rows }, (_, i) => i % 3));

test("the bundled digits are 1,437 rows to train and 360 to test, the same in every job", async () => {
  const { train, test: held } = await openData("digits", { seed: 1 });
  assert.deepEqual([train.rows, held.rows, train.classes, train.inputShape], [1437, 360, 10, [64]]);
  assert.ok(train.inputs.every((pixel) => pixel >= 0 && pixel <= 1) && train.inputs.includes(1));
  assert.ok(new Set(held.targets).size === 10);
  assert.deepEqual(await openData("digits", { seed: 2 }), { train, test: held });
});

test("shared data lie in shared memory and are the same", async () => {
  const own = await openData("digits", { seed: 1 });
  const shared = await openData("digits", { seed: 1, shared: true });
  for (const part of ["train", "test"] as const) {
    assert.ok(shared[part].inputs.buffer instanceof SharedArrayBuffer);
    assert.ok(shared[part].targets.buffer instanceof SharedArrayBuffer);
    assert.deepEqual([...shared[part].inputs], [...own[part].inputs]);
    assert.deepEqual([...shared[part].targets], [...own[part].targets]);
  }
});

test("two pairs of IDX files are train and test, gzipped or not", async () => {
  const files = {
    "t10k-images-idx3-ubyte": images(2),
    "t10k-labels-idx1-ubyte": labels(2),
    "train-images-idx3-ubyte.gz": gzipSync(images(5)),
    "train-labels-idx1-ubyte": labels(5),
    "README.md": "not data",
  };
  await withFiles(files, async (folder) => {
    const { train, test: held } = await openData(`idx:${folder}`, { seed: 1 });
    assert.deepEqual([train.rows, held.rows, train.classes, held.classes, train.inputShape], [5, 2, 3, 3, [1, 2]]);
    assert.deepEqual([...train.targets], [0, 1, 2, 0, 1]);
    await assert.rejects(openData(`idx:${folder},test=0.5`, { seed: 1 }), ConfigError);
  });
});

test("a single pair of IDX files is split in file order", async () => {
  await withFiles({ "x-images.idx3-ubyte": images(10), "x-labels.idx1-ubyte": labels(10) }, async (folder) => {
    const { train, test: held } = await openData(`idx:${folder}/`, { seed: 9 });
    assert.deepEqual([...train.targets, ...held.targets], [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
    assert.deepEqual([train.rows, held.rows], [8, 2]);
    assert.equal((await openData(`idx:${folder},test=0.5`, { seed: 9 })).test.rows, 5);
  });
});

test("an unpacked IDX file goes before its .gz, and images without labels are no pair", () => {
  const names = ["a-images-idx3-ubyte", "a-images-idx3-ubyte.gz", "a-labels-idx1-ubyte.gz", "b-images-idx3-ubyte"];
  assert.deepEqual(pairsAmong(names), [{ images: "a-images-idx3-ubyte", labels: "a-labels-idx1-ubyte.gz" }]);
});

test("text files are shuffled by the seed, split by test=, and lose no row", async () => {
  const lines = Array.from({ length: 50 }, (_, i) => i + 1);
  const files = {
    "rows.svm": lines.map((i) => `${i % 2} 1:${i}\n`).join(""),
    "rows.csv.gz": gzipSync(lines.map((i) => `${i},${i % 2}\n`).join("")),
  };
  await withFiles(files, async (folder) => {
    for (const spec of [`libsvm:${folder}/rows.svm`, `csv:${folder}/rows.csv.gz`]) {
      const first = await openData(spec, { seed: 1 });
      const other = await openData(spec, { seed: 2 });
      assert.deepEqual([first.train.rows, first.test.rows], [40, 10]);
      assert.deepEqual(await openData(spec, { seed: 1 }), first);
      assert.notDeepEqual(other.test.inputs, first.test.inputs);
      assert.deepEqual(allRows(other), allRows(first));
      assert.deepEqual(allRows(first), lines.map((i) => `${i} -> ${i % 2}`).sort());
      assert.equal((await openData(`${spec},test=0.5`, { seed: 1 })).test.rows, 25);
      assert.equal((await openData(`${spec},test=0.0001`, { seed: 1 })).test.rows, 1);
    }
  });
});

test("the end of a text is held out", async () => {
  await withFiles({ "a.txt": "abcdefghijklmnopqrstuv" }, async (folder) => {
    const { train, test: held } = await openData(`text:${folder}/a.txt,context=2`, { seed: 1 });
    assert.deepEqual([train.rows, held.rows, train.classes], [18, 2, 22]);
    assert.deepEqual([...held.targets], [20, 21]);
  });
});

test("what cannot be opened is refused with the file or the option", async () => {
  const refuses = (spec: string, kind: typeof ConfigError | typeof DataError, about: RegExp): Promise<void> =>
    assert.rejects(openData(spec, { seed: 1 }), (error) => error instanceof kind && about.test(error.message));
  await refuses("digit", ConfigError, /--data: expected a data source: digits, idx.*Did you mean digits\?/);
  await refuses("digits:x", ConfigError, /--data/);
  await refuses("csv", ConfigError, /--data: expected csv:FILE, got "csv"/);
  await refuses("libsvm:a,test=1", ConfigError, /--data: test: expected a number above 0 and below 1, got "1"/);
  await refuses("csv:a,head=yes", ConfigError, /Did you mean header\?/);
  await refuses("csv:a,header=maybe", ConfigError, /auto, yes or no/);
  await refuses("csv:/no/such/file", DataError, /\/no\/such\/file: expected a file that can be read, got "ENOENT"/);
  await refuses(
    "idx:/no/such/folder",
    DataError,
    /\/no\/such\/folder: expected a folder that can be read, got "ENOENT"/,
  );
  await withFiles({ "a.csv": "1,0\n", "b.txt": "x" }, async (folder) => {
    await refuses(`csv:${folder}`, DataError, /expected a file, got "a folder or device"/);
    await refuses(`idx:${folder}`, DataError, /one or two pairs of IDX files, got "0 pairs"\. A pair is named/);
  });
});

test("every source tells its name, what it is and how its spec is written", () => {
  for (const [name, source] of dataSources) {
    assert.equal(source.name, name);
    assert.ok(source.summary.length > 10);
  }
});

for (const [file, rows, columns] of [
  ["a9a", 32_561, 123],
  ["w8a", 49_749, 300],
  ["mushrooms", 8124, 112],
] as const) {
  test(`${file} has ${rows} rows of ${columns} features`, needs(file), async () => {
    const { train, test: held } = await openData(`libsvm:${join(PUBLIC_DATA, file)}`, { seed: 1 });
    assert.deepEqual([train.rows + held.rows, train.inputShape, train.classes], [rows, [columns], 2]);
  });
}

test(
  "the 10,000 images of MNIST are 8,000 to train and 2,000 to test",
  needs("mnist10k-images-idx3-ubyte.gz"),
  async () => {
    const { train, test: held } = await openData(`idx:${PUBLIC_DATA}`, { seed: 1 });
    assert.deepEqual([train.rows, held.rows, train.inputShape, train.classes], [8000, 2000, [28, 28], 10]);
    assert.deepEqual([...train.targets.subarray(0, 5)], [7, 2, 1, 0, 4]);
  },
);
