/**
 * A text file for character models; its end is held out.
 */
import { checkArguments, parseNumber } from "../base/spec.ts";
import { readData } from "./files.ts";
import { pathOf } from "./options.ts";
import type { DataSource } from "./source.ts";
import { heldOut, splitInOrder } from "./split.ts";
import { parseText } from "./text.ts";

export const text: DataSource = {
  name: "text",
  summary: "a text for character models: predict a symbol from those before it; the end of the text is held out",
  options: ["FILE", "context=8", "test=0.1"],
  async open(spec, _options, memory) {
    checkArguments(spec, "--data", 1, ["context", "test"]);
    const path = pathOf(spec, "text:FILE");
    const context = parseNumber(spec.options.get("context") ?? "8", "--data: context", {
      integer: true,
      min: 1,
      max: 4096,
    });
    const share = parseNumber(spec.options.get("test") ?? "0.1", "--data: test", { above: 0, below: 1 });
    const whole = parseText(await readData(path), path, context);
    return splitInOrder(whole, heldOut(whole.rows, share, path), memory);
  },
};
