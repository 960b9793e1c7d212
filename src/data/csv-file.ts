/**
 * A CSV file, shuffled by the job's seed and split.
 */
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { checkArguments, parseNumber } from "../base/spec.ts";
import { type CsvOptions, CsvReader } from "./csv.ts";
import { piecesOf } from "./files.ts";
import { pathOf, testShareOf } from "./options.ts";
import { readInPieces } from "./pieces.ts";
import type { DataSource } from "./source.ts";
import { heldOut, splitShuffled } from "./split.ts";

export const csv: DataSource = {
  name: "csv",
  summary: "a CSV file of numbers with one column of labels, shuffled by the seed and split",
  options: ["FILE", "label=last|first|NAME", "header=auto|yes|no", "scale=1", "test=0.2"],
  async open(spec, { seed }, memory) {
    checkArguments(spec, "--data", 1, ["label", "header", "scale", "test"]);
    const path = pathOf(spec, "csv:FILE");
    const share = testShareOf(spec);
    const options = {
      label: spec.options.get("label") ?? "last",
      header: headerOf(spec.options.get("header") ?? "auto"),
      scale: parseNumber(spec.options.get("scale") ?? "1", "--data: scale", { above: 0 }),
      memory,
    };
    const whole = await readInPieces(() => piecesOf(path), new CsvReader(path, options));
    const rng = Random.fromSeed(seed).split("data/split");
    return splitShuffled(whole, heldOut(whole.rows, share, path), rng);
  },
};

function headerOf(text: string): NonNullable<CsvOptions["header"]> {
  if (text === "auto" || text === "yes" || text === "no") return text;
  throw new ConfigError("--data: header", { expected: "auto, yes or no", got: text });
}
