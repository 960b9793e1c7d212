import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Random } from "../../src/base/random.ts";
import { readFrame } from "../../src/coding/frame.ts";
import { compressors, parseCompressor } from "../../src/compressors/registry.ts";
import { type GoldenFrame, goldenFrames } from "./frames.ts";
import { COMPOSITIONS, goldenFiles } from "./golden-files.ts";
import { decoded, encoded, type GoldenFile, goldenFile, inputOf } from "./vectors.ts";

const WIRE = join(import.meta.dirname, "../../docs/wire");

const read = (name: string): string => readFileSync(join(WIRE, name), "utf8");
const vectorsOf = (name: string): GoldenFile => JSON.parse(read(`${name}.json`));

test("there is a file for the frame and one for each compressor, and no other", () => {
  const found = readdirSync(WIRE).filter((name) => name.endsWith(".json"));
  assert.deepEqual(found.sort(), [...goldenFiles.keys()].map((name) => `${name}.json`).sort());
});

const families: readonly (readonly [name: string, specs: readonly string[]])[] = [
  ["compositions", COMPOSITIONS],
  ...[...compressors.values()].map(({ name, examples }) => [name, examples] as const),
];

for (const [name, specs] of families) {
  test(`${name}: messages and decoded values are those on record, bit for bit`, () => {
    const file = vectorsOf(name);
    const covered = ({ vectors }: GoldenFile) => vectors.map(({ spec, input }) => `${spec} of ${input}`);
    assert.deepEqual(covered(file), covered(goldenFile(name, specs)));
    for (const vector of file.vectors) {
      const rng = Random.fromSeed(vector.seed).split(vector.name);
      const message = encoded(vector.spec, inputOf(vector), rng);
      const what = `${vector.spec} of ${vector.input}: the wire has changed. If that is meant, see scripts/golden-vectors.ts`;
      assert.deepEqual([rng.k0, rng.k1], vector.key, what);
      assert.equal(Buffer.from(message).toString("hex"), vector.hex, what);
      assert.deepEqual(decoded(vector.spec, message, vector.length, rng), Float32Array.from(vector.decoded), what);
    }
  });
}

test("frames are those on record, and are read back", () => {
  const { frames }: { frames: readonly GoldenFrame[] } = JSON.parse(read("frame.json"));
  assert.deepEqual(frames, goldenFrames());
  for (const { body, hex, ...header } of frames) {
    const frame = readFrame(Buffer.from(hex, "hex"));
    assert.deepEqual(frame.header, header);
    assert.equal(Buffer.from(frame.body).toString("hex"), body);
  }
});

test("the examples of a compressor are canonical", () => {
  for (const { examples } of compressors.values()) {
    assert.ok(examples.length > 0);
    for (const spec of examples) assert.equal(parseCompressor(spec, "example").name, spec);
  }
});

test("the description of the wire has a section on every compressor", () => {
  const sections = read("README.md").match(/(?<=^### ).*$/gm);
  for (const name of compressors.keys()) assert.ok(sections?.includes(name), name);
});

const python = spawnSync("python3", ["--version"]).status === 0;

test("a decoder written from the description alone, in Python, reads them", {
  skip: python ? false : "no python3 on this machine",
}, () => {
  const { status, stdout, stderr } = spawnSync("python3", [join(WIRE, "decode.py")], { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
  for (const name of goldenFiles.keys()) assert.match(stdout, new RegExp(`^${name}: \\d+ agree$`, "m"));
});
