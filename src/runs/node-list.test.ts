import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../base/errors.ts";
import { expandNodeList } from "./node-list.ts";

const expanded = (list: string): string => expandNodeList(list, "SLURM_JOB_NODELIST").join(" ");

test("ranges keep their leading zeros, and names may follow and hold several of them", () => {
  assert.equal(expanded("node17"), "node17");
  assert.equal(expanded("node[01-03,7]"), "node01 node02 node03 node7");
  assert.equal(expanded("a[1-2],login,gpu[08-10]"), "a1 a2 login gpu08 gpu09 gpu10");
  assert.equal(
    expanded("rack[0-1]n[1,3]-ib0.local"),
    "rack0n1-ib0.local rack0n3-ib0.local rack1n1-ib0.local rack1n3-ib0.local",
  );
  assert.equal(expanded("n[8-11]"), "n8 n9 n10 n11");
});

test("what is no list, or a list of far too many, is refused", () => {
  const lists = ["", ",", "a,", ",a", "a,,b", "a[", "a]", "a[]", "a[1-]", "a[-1]", "a[3-1]", "a[1-2", "a[[1]]", "a b"];
  const huge = ["a[1-99999999]", "a[0-999]b[0-999]", `a[${"1,".repeat(70_000)}1]`, "a[1-2-3]", "a[1234567890]"];
  for (const list of [...lists, ...huge]) {
    assert.throws(
      () => expanded(list),
      (error) => error instanceof ConfigError && error.where === "SLURM_JOB_NODELIST",
      list.slice(0, 40),
    );
  }
});

test("names written one by one, or folded into ranges, come out the same", () => {
  const hosts = fc.uniqueArray(fc.integer({ min: 0, max: 999 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(hosts, (numbers) => {
      const names = numbers.map((n) => `node${String(n).padStart(3, "0")}`);
      assert.equal(expanded(names.join(",")), names.join(" "));
      const folded = numbers.map((n) => String(n).padStart(3, "0")).join(",");
      assert.equal(expanded(`node[${folded}]`), names.join(" "));
    }),
  );
});

test("any text is a list of plain names or a ConfigError", () => {
  const text = fc.string({ unit: fc.constantFrom(..."ab01,[]-.", " ", "\n"), maxLength: 30 });
  fc.assert(
    fc.property(text, (list) => {
      try {
        for (const name of expandNodeList(list, "X")) assert.match(name, /^[\w.-]+$/);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
      }
    }),
  );
});
