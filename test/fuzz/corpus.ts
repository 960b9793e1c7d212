/**
 * Cases that once failed, tried again by `fuzz.test.ts`: messages of compressors under `test/corpus/compressors`, which
 * also holds cases written by hand, and all others under `test/corpus/readers`.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { codecTarget } from "./codec-target.ts";
import { type Failure, targets } from "./fuzz.ts";
import type { FuzzTarget } from "./target.ts";

const CORPUS = join(import.meta.dirname, "../corpus");
const CODEC = "codec ";

interface Saved {
  readonly why: string;
  /** Of a compressor, else `target` is given. */
  readonly spec?: string;
  readonly target?: string;
  readonly length: number;
  readonly hex: string;
}

export interface CorpusCase {
  readonly what: string;
  readonly target: FuzzTarget;
  readonly length: number;
  readonly bytes: Uint8Array;
}

export function corpus(): CorpusCase[] {
  return ["compressors", "readers"]
    .map((folder) => join(CORPUS, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
    .flatMap((path) => {
      const cases: readonly Saved[] = JSON.parse(readFileSync(path, "utf8"));
      return cases.map(({ why, spec, target, length, hex }) => ({
        what: `${path}: ${why}`,
        target: spec === undefined ? targets.get(target ?? "")! : codecTarget(spec),
        length,
        bytes: Buffer.from(hex, "hex"),
      }));
    });
}

export function corpusPath({ target, seed, number }: Failure): string {
  const folder = target.startsWith(CODEC) ? "compressors" : "readers";
  const name = target.replace(CODEC, "").replaceAll(/[^a-z0-9.]+/gi, "-");
  return join(CORPUS, folder, `fuzz-${name}-${seed}-${number}.json`);
}

/** As it is read again; whether the message should be refused is left open. */
export function savedCase({ target, seed, number, length, bytes, why }: Failure): string {
  const what = target.startsWith(CODEC) ? { spec: target.slice(CODEC.length) } : { target };
  const saved = { why, ...what, length, hex: Buffer.from(bytes).toString("hex"), seed, case: number };
  return `${JSON.stringify([saved], undefined, 2)}\n`;
}
