/**
 * A text file for models of symbols; its end is held out.
 */
import { checkArguments, parseNumber, type Spec } from "../base/spec.ts";
import { applyBytePairs, trainBytePairs, VOCABULARY_MAX } from "./byte-pairs.ts";
import { readData } from "./files.ts";
import { pathOf } from "./options.ts";
import type { DataSource } from "./source.ts";
import { heldOut, splitInOrder } from "./split.ts";
import { byteSymbols, type Symbols, windowsOf } from "./text.ts";

export const text: DataSource = {
  name: "text",
  summary: "a text for models of symbols: predict each from those before it; the end of the text is held out",
  options: [
    "FILE",
    "context=8, symbols of a row",
    "stride=1, symbols from one row to the next",
    `vocabulary=N, up to ${VOCABULARY_MAX} byte pairs in place of bytes, learned from what is not held out`,
    "test=0.1",
  ],
  async open(spec, _options, memory) {
    checkArguments(spec, "--data", 1, ["context", "stride", "vocabulary", "test"]);
    const path = pathOf(spec, "text:FILE");
    const [context, stride] = [wholeOption(spec, "context", "8", 4096), wholeOption(spec, "stride", "1", 4096)];
    const share = parseNumber(spec.options.get("test") ?? "0.1", "--data: test", { above: 0, below: 1 });
    const bytes = byteSymbols(await readData(path), path);
    const whole = windowsOf(withVocabulary(spec, bytes, share), path, context, stride, memory);
    return splitInOrder(whole, heldOut(whole.rows, share, path));
  },
};

const wholeOption = (spec: Spec, key: string, otherwise: string, max: number): number =>
  parseNumber(spec.options.get(key) ?? otherwise, `--data: ${key}`, { integer: true, min: 1, max });

function withVocabulary(spec: Spec, bytes: Symbols, testShare: number): Symbols {
  const size = spec.options.get("vocabulary");
  if (size === undefined) return bytes;
  const wanted = parseNumber(size, "--data: vocabulary", { integer: true, min: bytes.count, max: VOCABULARY_MAX });
  const seen = bytes.numbers.subarray(0, Math.floor(bytes.numbers.length * (1 - testShare)));
  return applyBytePairs(bytes, trainBytePairs({ ...bytes, numbers: seen }, wanted));
}
