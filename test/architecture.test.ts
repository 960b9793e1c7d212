import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { test } from "node:test";
import { breaches, importsOf, LAYERS } from "./architecture.ts";

const SRC = join(import.meta.dirname, "../src");

/** AssemblyScript is another language; what it compiles to is checked through its loader. */
const isSource = (path: string): boolean => path.endsWith(".ts") && !path.startsWith("kernels/assembly/");

function sources(): Map<string, string> {
  const paths = readdirSync(SRC, { recursive: true, encoding: "utf8" }).map((path) => path.split(sep).join("/"));
  return new Map(paths.filter(isSource).map((path) => [path, readFileSync(join(SRC, path), "utf8")]));
}

/** What is found in a house of the given files, each a path and its text. */
const found = (files: Record<string, string>): string[] => breaches(new Map(Object.entries(files)));

test("the sources keep the rules of the house", () => {
  const files = sources();
  assert.ok(files.size > 50, "the walk finds the sources");
  assert.deepEqual(breaches(files), []);
});

test("an import of the own layer or one above it is no breach, and src/index.ts may import all", () => {
  const tidy = {
    "base/a.ts": "",
    "coding/b.ts": 'import type { A } from "../base/a.ts";\nexport { c } from "./c.ts";',
    "coding/c.ts": "",
    "index.ts": 'export * from "./cli/d.ts";\nexport * from "./base/a.ts";',
    "cli/d.ts": 'import { Command } from "commander";\nimport { b } from "../coding/b.ts";',
  };
  assert.deepEqual(found(tidy), []);
});

test("an upward import is found in every form, and named", () => {
  const forms = [
    'import { x } from "../cli/x.ts";',
    'import type { X } from "../cli/x.ts";',
    'import {\n  x,\n  y,\n} from "../cli/x.ts";',
    'export * from "../cli/x.ts";',
    'import "../cli/x.ts";',
    'const x = await import("../cli/x.ts");',
    'type X = import("../cli/x.ts").X;',
  ];
  for (const form of forms) {
    assert.deepEqual(found({ "base/a.ts": form, "cli/x.ts": "" }), ["base/a.ts: imports upward, cli/x.ts"], form);
  }
  for (const [i, layer] of LAYERS.entries()) {
    for (const above of LAYERS.slice(i + 1)) {
      const files = { [`${layer}/a.ts`]: `import { x } from "../${above}/x.ts";`, [`${above}/x.ts`]: "" };
      assert.equal(found(files).length, 1, `${layer} imports ${above}`);
    }
  }
});

test("a cycle between files is found, types included", () => {
  const files = {
    "base/a.ts": 'import { b } from "./b.ts";',
    "base/b.ts": 'import type { C } from "./c.ts";',
    "base/c.ts": 'export * from "./a.ts";',
  };
  assert.deepEqual(found(files), ["cycle: base/a.ts -> base/b.ts -> base/c.ts -> base/a.ts"]);
  assert.deepEqual(found({ "base/a.ts": 'import { a } from "./a.ts";' }), ["cycle: base/a.ts -> base/a.ts"]);
});

test("a folder that is no layer, a file that is not there and one that is not shipped are found", () => {
  assert.match(
    found({ "misc/a.ts": 'import "../base/b.ts";', "base/b.ts": "" }).join(),
    /src\/misc, which is no layer/,
  );
  assert.equal(found({ "scratch.ts": 'import "./base/b.ts";', "base/b.ts": "" }).length, 1);
  assert.match(found({ "base/a.ts": 'import "./gone.ts";' }).join(), /which is not there/);
  assert.match(found({ "base/a.ts": 'import "../../bench/x.ts";' }).join(), /outside src/);
  assert.match(found({ "base/a.ts": 'import "./b.test.ts";', "base/b.test.ts": "" }).join(), /not shipped/);
});

test("packages and Node's modules are known only where they may be", () => {
  const one = (path: string, name: string): number => found({ [path]: `import { x } from "${name}";` }).length;
  assert.deepEqual(
    [one("models/a.ts", "@jax-js/jax"), one("models/a.ts", "onnxruntime-node"), one("transports/a.ts", "@libp2p/tcp")],
    [0, 0, 0],
  );
  assert.deepEqual([one("recipes/a.ts", "@jax-js/jax"), one("runs/a.ts", "onnxruntime-node")], [1, 1]);
  assert.deepEqual([one("cli/a.ts", "libp2p"), one("runs/a.ts", "commander"), one("cli/a.ts", "left-pad")], [1, 1, 1]);
  assert.deepEqual(
    [one("data/files.ts", "node:fs"), one("data/csv.ts", "node:fs"), one("base/a.ts", "node:os")],
    [0, 1, 1],
  );
});

test("clocks and engine randomness are found outside their places, but not in comments", () => {
  assert.match(found({ "base/a.ts": "const x = Math.random();" }).join(), /draws from Math.random/);
  assert.match(found({ "cli/a.ts": "const x = Math.random();" }).join(), /draws from Math.random/);
  for (const clock of ["Date.now()", "performance.now()", "new Date()"]) {
    assert.match(found({ "patterns/a.ts": `const x = ${clock};` }).join(), /instead of Peer.clock/);
    assert.deepEqual(found({ "cli/a.ts": `const x = ${clock};` }), []);
  }
  assert.deepEqual(found({ "base/a.ts": "// never Math.random() or\n/* Date.now() */\nexport const x = 1;" }), []);
});

test("unfinished work is found, in comments too", () => {
  for (const word of ["TODO", "FIXME", "not implemented", "stub"]) {
    assert.equal(found({ "base/a.ts": `// ${word}: later` }).length, 1, word);
  }
});

test("imports are read from code and not from comments or strings", () => {
  const source =
    '// import { a } from "./a.ts";\n/* import "./b.ts" */\nconst c = `\\`import "./c.ts"`;\nimport { d } from "./d.ts";';
  assert.deepEqual(importsOf(source), ["./d.ts"]);
});
