/**
 * The other readers of bytes from outside: frames, positions, checkpoints and data files.
 */
import { gzipSync } from "node:zlib";
import { CheckpointError, CorruptError, DataError } from "../../src/base/errors.ts";
import { ByteSink, ByteSource } from "../../src/coding/bytes.ts";
import { FRAME_BYTES, readFrame, readHeader, writeFrame } from "../../src/coding/frame.ts";
import { maxPositionsBytes, readPositions, writePositions } from "../../src/coding/positions.ts";
import { applyBytePairs, trainBytePairs } from "../../src/data/byte-pairs.ts";
import { parseCifar } from "../../src/data/cifar.ts";
import { CsvReader, parseCsv } from "../../src/data/csv.ts";
import { gunzip } from "../../src/data/gunzip.ts";
import { idxDataset, parseIdx } from "../../src/data/idx.ts";
import { LibsvmReader, parseLibsvm } from "../../src/data/libsvm.ts";
import { LIMITS } from "../../src/data/limits.ts";
import { ownMemory } from "../../src/data/memory.ts";
import type { PieceReader } from "../../src/data/pieces.ts";
import { inPieces } from "../../src/data/readers.contract.ts";
import { byteSymbols, parseText, windowsOf } from "../../src/data/text.ts";
import type { Dataset } from "../../src/ports/dataset.ts";
import { peerId } from "../../src/ports/view.ts";
import { readSafetensors, writeSafetensors } from "../../src/runs/safetensors.ts";
import type { Dice } from "./dice.ts";
import { joined } from "./hostile.ts";
import { expect, type FuzzTarget, readOr } from "./target.ts";

const MEMORY = 2 ** 26;
const WHERE = "fuzz";

const frame: FuzzTarget = {
  name: "frame",
  memoryLimit: MEMORY,
  lengths: [0, 1, 40, 64, 200, 5000],
  valid: (length, dice) => framed(dice.bytes(length), dice),
  async check(bytes) {
    const read = await readOr(CorruptError, () => readFrame(bytes));
    await readOr(CorruptError, () => readHeader(bytes));
    if (read === undefined) return false;
    const sink = new ByteSink(bytes.length);
    writeFrame(read.header, read.body, sink);
    expect(Buffer.compare(sink.written, bytes) === 0, "a frame was read that would be written otherwise");
    return true;
  },
};

function framed(body: Uint8Array, dice: Dice): Uint8Array {
  const sink = new ByteSink(FRAME_BYTES + body.length);
  const [attempt, epoch, part, round] = [dice.below(256), dice.below(2 ** 32), dice.below(65_536), dice.below(2 ** 32)];
  const sender = peerId(dice.below(65_536));
  writeFrame({ kind: dice.pick(["up", "down", "state"]), attempt, epoch, sender, part, round }, body, sink);
  return sink.written;
}

const positions: FuzzTarget = {
  name: "positions",
  memoryLimit: MEMORY,
  lengths: [1, 2, 7, 8, 100, 1000, 65_536],
  valid(length, dice) {
    const share = dice.pick([1, 2, 3, 10, 100, 1000]);
    const kept = Uint32Array.from({ length }, (_, i) => i).filter(() => dice.below(share) === 0);
    const sink = new ByteSink(maxPositionsBytes(kept.length, length));
    writePositions(kept, length, sink);
    return sink.written;
  },
  async check(bytes, length) {
    const out = new Uint32Array(length);
    const source = new ByteSource(bytes);
    const count = await readOr(CorruptError, () => readPositions(source, length, out));
    if (count === undefined) return false;
    const read = out.subarray(0, count);
    expect(
      read.every((position, j) => position < length && (j === 0 || position > read[j - 1]!)),
      "positions do not rise or are not below the length",
    );
    const sink = new ByteSink(maxPositionsBytes(count, length));
    writePositions(read, length, sink);
    const consumed = bytes.subarray(0, bytes.length - source.remaining);
    expect(Buffer.compare(sink.written, consumed) === 0, "positions were read that would be written otherwise");
    return true;
  },
};

const safetensors: FuzzTarget = {
  name: "safetensors",
  memoryLimit: MEMORY,
  lengths: [0, 1, 17, 300],
  valid(length, dice) {
    const tensors = Array.from({ length: dice.below(4) }, (_, i) => ({
      name: `layer/${i}`,
      shape: [length, 1],
      values: new Float32Array(length).fill(dice.below(9)),
    }));
    return writeSafetensors(tensors, { round: String(dice.below(1000)) });
  },
  async check(bytes) {
    const read = await readOr(CheckpointError, () => readSafetensors(bytes, WHERE));
    for (const { shape, values } of read?.tensors ?? []) {
      expect(values.length === shape.reduce((product, n) => product * n, 1), "a tensor does not fill its shape");
    }
    return read !== undefined;
  },
};

/** A reader of data files: a whole data set of finite numbers or a `DataError`. */
function dataTarget(
  name: string,
  valid: (dice: Dice) => Uint8Array,
  read: (bytes: Uint8Array) => Dataset | Promise<Dataset>,
): FuzzTarget {
  return {
    name,
    memoryLimit: 4 * LIMITS.entries + MEMORY,
    lengths: [0],
    valid: (_, dice) => valid(dice),
    async check(bytes) {
      const data = await readOr(DataError, () => read(bytes));
      if (data === undefined) return false;
      const { rows, inputShape, inputs, targets, classes } = data;
      expect(
        inputs.length === rows * inputShape.reduce((product, n) => product * n, 1),
        "inputs do not fill their shape",
      );
      expect(targets.length === rows, "there is not one target a row");
      expect(inputs.every(Number.isFinite), "an input is not finite");
      expect(
        targets.every((target) => target >= 0 && target < classes),
        "a target is no class",
      );
      return true;
    },
  };
}

/** The data set, when a reader of pieces gives the same. */
function equalInPieces(bytes: Uint8Array, data: Dataset, reader: PieceReader): Dataset {
  const other = inPieces(bytes, [1 + (bytes[0] ?? 0), 7], reader);
  expect(Buffer.compare(bytesOf(data), bytesOf(other)) === 0, "in pieces the rows are others");
  return data;
}

const bytesOf = ({ inputs, targets }: Dataset): Uint8Array =>
  joined(...[inputs, targets].map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)));

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const lines = (dice: Dice, line: () => string): Uint8Array =>
  utf8(Array.from({ length: 1 + dice.below(6) }, line).join(dice.pick(["\n", "\r\n"])) + dice.pick(["", "\n"]));
const numeral = (dice: Dice): string =>
  dice.pick(["0", "1", "-2.5", "1e-3", "+.5", "3.4e38", "1e400", "-0", String(dice.below(1000)), "9".repeat(70), ""]);

const csv = dataTarget(
  "csv",
  (dice) => lines(dice, () => [numeral(dice), `"${numeral(dice)}"`, dice.pick(["cat", '"a ""dog"""', "3"])].join(",")),
  (bytes) => equalInPieces(bytes, parseCsv(bytes, WHERE), new CsvReader(WHERE, {})),
);

const libsvm = dataTarget(
  "libsvm",
  (dice) =>
    lines(dice, () => `${dice.pick(["-1", "+1", "2"])} 1:${numeral(dice)} ${2 + dice.below(40)}:${numeral(dice)} # x`),
  (bytes) => equalInPieces(bytes, parseLibsvm(bytes, WHERE), new LibsvmReader(WHERE, {})),
);

const text = dataTarget(
  "text",
  (dice) => dice.bytes(dice.below(200)),
  (bytes) => parseText(bytes, WHERE, 8),
);

const cifar = dataTarget(
  "cifar",
  (dice) =>
    joined(...Array.from({ length: 1 + dice.below(2) }, () => joined(Uint8Array.of(dice.below(10)), dice.bytes(3072)))),
  (bytes) => parseCifar([bytes], WHERE, ownMemory),
);

const bytePairs = dataTarget(
  "byte-pairs",
  (dice) => dice.bytes(dice.below(200)).map((byte) => byte & 3),
  (bytes) => {
    const plain = byteSymbols(bytes, WHERE);
    return windowsOf(applyBytePairs(plain, trainBytePairs(plain, plain.count + 20)), WHERE, 4, 3);
  },
);

const idx = dataTarget(
  "idx",
  (dice) => {
    const [rows, side] = [2 + dice.below(4), 1 + dice.below(4)];
    return joined(Uint8Array.of(0, 0, 8, 2, 0, 0, 0, rows, 0, 0, 0, side), dice.bytes(rows * side));
  },
  (bytes) => {
    const images = parseIdx(bytes, WHERE);
    const rows = images.shape[0] ?? 0;
    const labels = Uint8Array.from({ length: Math.min(rows, bytes.length) }, (_, row) => row % 2);
    return idxDataset(WHERE, images, { shape: [rows], values: labels }, WHERE);
  },
);

const gzip: FuzzTarget = {
  name: "gzip",
  memoryLimit: MEMORY,
  lengths: [0, 10, 1000, 100_000],
  valid: (length, dice) => gzipSync(new Uint8Array(length).fill(dice.below(256))),
  async check(bytes) {
    const limit = Math.max(65_536, bytes.length); // what is not gzipped comes back as it is
    const unpacked = await readOr(DataError, () => gunzip(bytes, WHERE, limit));
    expect((unpacked?.length ?? 0) <= limit, "more was unpacked than allowed");
    return unpacked !== undefined;
  },
};

export const readerTargets: readonly FuzzTarget[] = [
  frame,
  positions,
  safetensors,
  csv,
  libsvm,
  text,
  bytePairs,
  cifar,
  idx,
  gzip,
];
