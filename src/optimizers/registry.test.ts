import assert from "node:assert/strict";
import { test } from "node:test";
import { adam } from "./adam.ts";
import { optimizers, parseOptimizer } from "./registry.ts";
import { sgd } from "./sgd.ts";

test("a spec and the same options in code give the same name, without what is the default", () => {
  assert.equal(parseOptimizer("adam:decay=0.01,b2=0.99,b1=0.9", "test").name, "adam:b2=0.99,decay=0.01");
  assert.equal(adam({ decay: 0.01, b2: 0.99 }).name, "adam:b2=0.99,decay=0.01");
  assert.equal(parseOptimizer("adam:eps-mode=raw", "test").name, adam({ epsMode: "raw" }).name);
  assert.equal(parseOptimizer("sgd:momentum=0.9", "test").name, sgd(0.9).name);
  assert.equal(sgd().name, "sgd");
});

test("an unknown name, option or value is refused with what was expected", () => {
  assert.throws(() => parseOptimizer("adm", "--optimizer"), /--optimizer.*Did you mean adam/);
  assert.throws(() => parseOptimizer("adam:beta=1", "--optimizer"), /one of b1, b2/);
  assert.throws(() => parseOptimizer("adam:b2=1", "--optimizer"), /--optimizer: b2.*below 1/);
  assert.throws(() => parseOptimizer("adam:0.9", "--optimizer"), /plain argument/);
  assert.throws(() => parseOptimizer("sgd:form=ball,momentum=0.9", "--optimizer"), /one of.*classic/);
});

test("every optimizer has examples whose names they are, the usual one first", () => {
  for (const { name, examples } of optimizers.values()) {
    assert.ok(examples.length > 0, name);
    for (const spec of examples) assert.equal(parseOptimizer(spec, name).name, spec);
  }
});

test("every optimizer tells its memory, and the meaning of every option", () => {
  for (const { name, memory, options, parse } of optimizers.values()) {
    assert.equal(parse({ text: name, name, values: [], options: new Map() }, "test").memory, memory);
    for (const option of options) assert.ok(option.meaning.length > 0, `${name}: ${option.name}`);
  }
});
