/**
 * The bundled digits: 1,797 handwritten digits of 8 × 8 pixels, 1,437 to train and 360 to test.
 * @see Alpaydin & Kaynak 1998, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, CC BY 4.0
 */
import { Random } from "../base/random.ts";
import { checkArguments } from "../base/spec.ts";
import { parseCsv } from "./csv.ts";
import { readData } from "./files.ts";
import type { DataSource } from "./source.ts";
import { splitShuffled } from "./split.ts";

/** Lies at the same depth seen from `src/data` in a clone and from `dist/data` in the package. */
const FILE = new URL("../../data/digits.csv.gz", import.meta.url);

/** Belongs to the set and not to the job: every job is tested on the same 360 rows. */
const SPLIT_SEED = 1998;
const TEST_ROWS = 360;

export const digits: DataSource = {
  name: "digits",
  summary: "1,797 handwritten digits of 8 x 8 pixels, bundled (UCI, CC BY 4.0)",
  options: [],
  async open(spec, _options, memory) {
    checkArguments(spec, "--data", 0);
    const whole = parseCsv(await readData(FILE), "digits", { label: "last", header: "no", scale: 16, memory });
    return splitShuffled(whole, TEST_ROWS, Random.fromSeed(SPLIT_SEED).split("digits"));
  },
};
