import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readExposition } from "./exposition.contract.ts";
import { exposition, type Metric } from "./exposition.ts";

test("help, type and samples of a metric stand together", () => {
  const metrics: Metric[] = [
    { name: "up", help: "Whether it runs.", type: "gauge", samples: [{ value: 1 }] },
    { name: "none", help: "Nothing is known.", type: "gauge", samples: [] },
    {
      name: "sent_bytes_total",
      help: "Bytes.",
      type: "counter",
      samples: [
        { labels: { peer: "0" }, value: 12 },
        { labels: { peer: "1" }, value: 1e21 },
      ],
    },
  ];
  assert.equal(
    exposition(metrics),
    [
      "# HELP up Whether it runs.",
      "# TYPE up gauge",
      "up 1",
      "# HELP sent_bytes_total Bytes.",
      "# TYPE sent_bytes_total counter",
      'sent_bytes_total{peer="0"} 12',
      'sent_bytes_total{peer="1"} 1e+21',
      "",
    ].join("\n"),
  );
});

test("a strict reader gets back every help, label and number", () => {
  const nasty = fc.string({
    unit: fc.constantFrom("\\", '"', "\n", "{", "}", ",", "=", " ", "#", "ä", "n"),
    maxLength: 9,
  });
  const number = fc.oneof(fc.double(), fc.integer());
  fc.assert(
    fc.property(nasty, nasty, nasty, number, (help, one, other, value) => {
      const samples = [{ labels: { a: one, b: other }, value }];
      const read = readExposition(exposition([{ name: "x", help, type: "gauge", samples }])).get("x");
      const labels = JSON.stringify([
        ["a", one],
        ["b", other],
      ]);
      assert.deepEqual([read?.help, read?.type], [help, "gauge"]);
      assert.equal(read?.samples.get(labels), Object.is(value, -0) ? 0 : value);
    }),
  );
});

test("the strict reader refuses what the format does", () => {
  const head = "# HELP a b\n# TYPE a gauge\n";
  const wrong = [
    "a 1\n",
    `${head}a 1`,
    `${head}a  1\n`,
    `${head}a one\n`,
    `${head}a{} 1\n`,
    `${head}a{b="c} 1\n`,
    `${head}a{b="\\q"} 1\n`,
    `${head}a{b="c",b="d"} 1\n`,
    `${head}a{b="c",} 1\n`,
    `${head}a 1\na 2\n`,
    `${head}b 1\n`,
    `${head}a 1\n${head}`,
    "# TYPE a gauge\na 1\n",
    "# HELP a b\n# TYPE a counter\na 1\n",
    "# HELP a_total b\n# TYPE a_total counter\na_total -1\n",
    "# HELP 1a b\n# TYPE 1a gauge\n",
    "\n",
  ];
  for (const text of wrong) assert.throws(() => readExposition(text), assert.AssertionError, text);
});
