import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { DataError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { type CsvOptions, CsvReader, parseCsv } from "./csv.ts";
import { piecesOf, readData } from "./files.ts";
import { unpacked } from "./gunzip.ts";
import { LibsvmReader, parseLibsvm } from "./libsvm.ts";
import { type PieceReader, Records, readInPieces } from "./pieces.ts";
import { inPieces, utf8 } from "./readers.contract.ts";

/** What a reader gives, or the text of its error, and what it warned of. */
function outcome(read: (warn: (note: string) => void) => unknown): unknown {
  const notes: string[] = [];
  try {
    return [read((note) => notes.push(note)), notes];
  } catch (error) {
    return [String(error), notes];
  }
}

const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
const textOfTokens = (...tokens: string[]) =>
  fc.array(fc.constantFrom(...tokens), { maxLength: 60 }).map((parts) => utf8(parts.join("")));

test("a CSV file in pieces of any length is what it is at once: rows, or the same error", () => {
  const row = fc.constantFrom("1,2,a\n", '3,"4","b ""c"" d"\r\n', '5, 6 ,"e\nf"\n', "7,8,ünï→🎈\n", "\n", "x,y,kind\n");
  const rows = fc.array(row, { maxLength: 8 }).map((lines) => utf8(lines.join("")));
  const marked = rows.map((text) => Uint8Array.of(0xef, 0xbb, 0xbf, ...text));
  const damaged = textOfTokens("1", ",", ",", "\n", '"', "x", ".", " ", "\r", "-", '""', "é", "\ufeff");
  const options = fc.constantFrom<CsvOptions>({}, { label: "kind" }, { header: "no" }, { label: "first" });
  fc.assert(
    fc.property(fc.oneof(rows, marked, damaged), lengths, options, (bytes, cuts, chosen) => {
      assert.deepEqual(
        outcome(() => inPieces(bytes, cuts, new CsvReader("f", chosen))),
        outcome(() => parseCsv(bytes, "f", chosen)),
      );
    }),
    { numRuns: 1000 },
  );
});

test("a LIBSVM file in pieces of any length is what it is at once: rows, warnings, or the same error", () => {
  const row = fc.constantFrom("1 1:1\n", "-1 2:0.5 7:3\r\n", "2 3:1 # ünï→\n", "\n", "# none\n", "2 3:1", "1 4:");
  const rows = fc.array(row, { maxLength: 8 }).map((lines) => utf8(lines.join("")));
  const damaged = textOfTokens("1", "-1", " ", "\n", ":", "2:1", "9:", "#", "e", ".", "\t", "\r");
  fc.assert(
    fc.property(fc.oneof(rows, damaged), lengths, (bytes, cuts) => {
      assert.deepEqual(
        outcome((warn) => inPieces(bytes, cuts, new LibsvmReader("f", { warn }))),
        outcome((warn) => parseLibsvm(bytes, "f", { warn })),
      );
    }),
    { numRuns: 1000 },
  );
});

test("a record of many pieces is read in time that is linear in its length", () => {
  let seen = 0;
  let taken = 0;
  const records = new Records(
    (bytes, isLast) => {
      seen += bytes.length;
      if (isLast) taken = bytes.length;
      return 0;
    },
    () => "f",
  );
  const piece = new Uint8Array(10);
  for (let i = 0; i < 1000; i++) records.push(piece);
  records.end();
  assert.equal(taken, 10_000);
  assert.ok(seen <= 4 * 10_000, `${seen} bytes were looked at`);
});

test("a record without an end is refused when it is too long, and the error names its line", () => {
  const records = new Records(
    () => 0,
    () => "f, line 7",
    1000,
  );
  const fill = (): void => {
    for (let i = 0; i < 30; i++) records.push(new Uint8Array(100));
  };
  assert.throws(
    fill,
    (error) => error instanceof DataError && /f, line 7: expected a line of at most/.test(error.message),
  );
});

test("a file that changes between the two passes is refused", async () => {
  const changing = (first: string, second: string, reader: PieceReader) => {
    const contents = [first, second];
    return readInPieces(async function* () {
      yield utf8(contents.shift() ?? "");
    }, reader);
  };
  const changed = /f: expected a file that stays as it is/;
  const libsvm = "1 1:1\n2 2:1\n";
  for (const other of ["1 1:1\n", `${libsvm}1 1:1\n`, "1 1:1\n2 3:1\n"]) {
    await assert.rejects(changing(libsvm, other, new LibsvmReader("f", {})), changed);
  }
  const csv = "1,0\n2,1\n";
  await assert.rejects(changing(csv, csv.repeat(3), new CsvReader("f", {})), changed);
});

const noise = (length: number): Uint8Array => {
  const rng = Random.fromSeed(1);
  return Uint8Array.from({ length }, (_, i) => rng.below(i, 256));
};

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Uint8Array[] = [];
  for await (const piece of pieces) copies.push(piece.slice());
  return Buffer.concat(copies);
}

test("a file is the same in pieces and at once, gzipped or not", async () => {
  const folder = await mkdtemp(join(tmpdir(), "thinwire-pieces-"));
  try {
    const content = noise(600_000);
    const files = { whole: content, packed: gzipSync(content), short: content.slice(0, 1), empty: new Uint8Array() };
    for (const [name, bytes] of Object.entries(files)) {
      const path = join(folder, name);
      await writeFile(path, bytes);
      const read = await joined(piecesOf(path));
      assert.equal(Buffer.compare(read, await readData(path)), 0, name);
      assert.equal(Buffer.compare(read, name === "packed" ? content : bytes), 0, name);
    }
    const path = join(folder, "cut.gz");
    await writeFile(path, files.packed.subarray(0, files.packed.length - 9));
    await assert.rejects(joined(piecesOf(path)), /cut\.gz: expected a whole gzip stream/);
    await assert.rejects(joined(piecesOf(folder)), /expected a file, got "a folder or device"/);
    await assert.rejects(joined(piecesOf(join(folder, "none"))), /ENOENT/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("who stops early ends the reading below, and what fails below is told as it is", async () => {
  const packed = gzipSync(noise(300_000));
  let ended = false;
  async function* below(): AsyncGenerator<Uint8Array, undefined> {
    try {
      for (let at = 0; at < packed.length; at += 1000) yield packed.subarray(at, at + 1000);
    } finally {
      ended = true;
    }
  }
  for await (const piece of unpacked(below(), "f")) if (piece.length > 0) break;
  assert.ok(ended);
  async function* failing(): AsyncGenerator<Uint8Array, undefined> {
    yield packed.subarray(0, 1000);
    throw new DataError("disk", { expected: "a file that can be read", got: "EIO" });
  }
  await assert.rejects(joined(unpacked(failing(), "f")), /disk: .*EIO/);
});
