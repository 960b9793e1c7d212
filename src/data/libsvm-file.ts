/**
 * A file in LIBSVM text, shuffled by the job's seed and split.
 */
import { Random } from "../base/random.ts";
import { checkArguments, parseNumber } from "../base/spec.ts";
import { piecesOf } from "./files.ts";
import { LibsvmReader } from "./libsvm.ts";
import { LIMITS } from "./limits.ts";
import { pathOf, testShareOf } from "./options.ts";
import { readInPieces } from "./pieces.ts";
import type { DataSource } from "./source.ts";
import { heldOut, splitShuffled } from "./split.ts";

export const libsvm: DataSource = {
  name: "libsvm",
  summary: "a file in LIBSVM text (label index:value ...), shuffled by the seed and split",
  options: ["FILE", "test=0.2", "features=the largest index"],
  async open(spec, { seed, warn }, memory) {
    checkArguments(spec, "--data", 1, ["test", "features"]);
    const path = pathOf(spec, "libsvm:FILE");
    const share = testShareOf(spec);
    const features = featuresOf(spec.options.get("features"));
    const options = { memory, ...(features !== undefined && { features }), ...(warn && { warn }) };
    const whole = await readInPieces(() => piecesOf(path), new LibsvmReader(path, options));
    const rng = Random.fromSeed(seed).split("data/split");
    return splitShuffled(whole, heldOut(whole.rows, share, path), rng);
  },
};

const featuresOf = (text: string | undefined): number | undefined =>
  text === undefined
    ? undefined
    : parseNumber(text, "--data: features", { integer: true, min: 1, max: LIMITS.columns });
