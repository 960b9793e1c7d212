/**
 * A strict reader of Prometheus text, for tests: it takes what the format allows and nothing else.
 */
import assert from "node:assert/strict";

export interface ReadMetric {
  readonly help: string;
  readonly type: string;
  /** Value by label set, the labels as JSON of their sorted pairs. */
  readonly samples: ReadonlyMap<string, number>;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** @throws AssertionError naming the line that breaks a rule */
export function readExposition(text: string): Map<string, ReadMetric> {
  assert.ok(text === "" || text.endsWith("\n"), "the last line ends in a line feed");
  const metrics = new Map<string, { help: string; type: string; samples: Map<string, number> }>();
  let open: string | undefined;
  let help: { name: string; text: string } | undefined;
  for (const line of text.split("\n").slice(0, -1)) {
    if (line.startsWith("# HELP ")) {
      const [, name = "", said = ""] = /^# HELP (\S+) (.*)$/.exec(line) ?? assert.fail(line);
      assert.match(name, NAME, line);
      assert.ok(!metrics.has(name) && help === undefined, `help comes once, and before the type: ${line}`);
      help = { name, text: unescaped(said, { "\\": "\\", n: "\n" }) };
    } else if (line.startsWith("# TYPE ")) {
      const [, name = "", type = ""] = /^# TYPE (\S+) (counter|gauge)$/.exec(line) ?? assert.fail(line);
      assert.equal(help?.name, name, `the type follows the help of the same metric: ${line}`);
      assert.equal(type === "counter", name.endsWith("_total"), `counters, and only they, end in _total: ${line}`);
      metrics.set(name, { help: help?.text ?? "", type, samples: new Map() });
      [open, help] = [name, undefined];
    } else {
      const { name, labels, value } = readSample(line);
      assert.equal(name, open, `samples follow their type, together: ${line}`);
      const { samples, type } = metrics.get(name) ?? assert.fail(line);
      assert.ok(!samples.has(labels), `a label set comes once: ${line}`);
      assert.ok(type !== "counter" || value >= 0, `a counter is not negative: ${line}`);
      samples.set(labels, value);
    }
  }
  assert.equal(help, undefined, "no help without a type");
  return metrics;
}

function readSample(line: string): { name: string; labels: string; value: number } {
  const form = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/;
  const [, name = "", inside, number = ""] = form.exec(line) ?? assert.fail(`no sample: ${line}`);
  const pairs: [string, string][] = [];
  let rest = inside ?? "";
  assert.ok(inside !== "", `no empty label set: ${line}`);
  while (rest !== "") {
    const [whole, label = "", value = "", comma] =
      /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(,(?=.)|$)/.exec(rest) ?? assert.fail(`no label: ${line}`);
    assert.ok(!label.startsWith("__") && comma !== undefined, line);
    pairs.push([label, unescaped(value, { "\\": "\\", n: "\n", '"': '"' })]);
    rest = rest.slice(whole.length);
  }
  assert.equal(new Set(pairs.map(([label]) => label)).size, pairs.length, `a label comes once: ${line}`);
  const value = number.endsWith("Inf") ? Number(number.replace("Inf", "Infinity")) : Number(number);
  return { name, labels: JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1))), value };
}

function unescaped(text: string, known: Readonly<Record<string, string>>): string {
  return text.replace(/\\(.?)/g, (whole, after: string) => known[after] ?? assert.fail(`unknown escape ${whole}`));
}

/** The only sample of a metric, or the one with these labels. */
export function sampleOf(
  metrics: ReadonlyMap<string, ReadMetric>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return metrics.get(name)?.samples.get(JSON.stringify(sorted));
}
