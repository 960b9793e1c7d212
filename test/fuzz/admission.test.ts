import assert from "node:assert/strict";
import { test } from "node:test";
import { admissionTargets } from "./admission-targets.ts";
import { runCase } from "./fuzz.ts";

const CASES = 10_000;

for (const { name } of admissionTargets) {
  test(`${CASES} random and mutated inputs of ${name}: refused with the right error, or what was signed`, async () => {
    for (let number = 0; number < CASES; number++) {
      const failure = await runCase({ target: name, seed: 1, number }, () => performance.now());
      const replay = `node scripts/fuzz.ts --seed 1 --target "${name}" --case ${number}`;
      assert.equal(failure, undefined, `${failure?.why}; replay: ${replay}`);
    }
  });
}
