import assert from "node:assert/strict";
import { test } from "node:test";
import { readYaml } from "./yaml.ts";

test("blocks, sequences of mappings, JSON values, literal text, comments and documents are read", () => {
  const text = `# a file
a: 1
b:
  # a comment
  - name: x
    deep:
      flag: true
  - name: "y: z"
  - - not here
`;
  assert.throws(() => readYaml(text), /scalar that needs quotes/);
  assert.deepEqual(
    readYaml(`${text.replace("  - - not here\n", "")}c: [2, 3]\n---\nd: |\n  {\n    "e": 1\n  }\nf: {}\n`),
    [
      { a: 1, b: [{ name: "x", deep: { flag: true } }, { name: "y: z" }], c: [2, 3] },
      { d: '{\n  "e": 1\n}\n', f: {} },
    ],
  );
});

test("what readers of YAML disagree about, or this one does not know, is refused", () => {
  const wrong = [
    "a: 1\na: 2",
    "a: yes",
    "a: 'b'",
    "a: b c",
    "a: &x b",
    "a:\n   b: 1",
    "a: 1\n  b: 2",
    "a: [b]",
    "a",
    "a: b: c",
  ];
  for (const text of wrong) assert.throws(() => readYaml(`${text}\n`), text);
});
