import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../base/errors.ts";
import { megabitsPerSecond } from "../../base/units.ts";
import { advisedRecipe } from "./advice.ts";
import { EVAL_STEPS, thinwire } from "./systems.ts";

const commandOf = (name: string): string =>
  thinwire(name, ["--seed", "3"], ["node", "main.js"]).command({ folder: "/out", secondsMax: 1 }).join(" ");

test("a recipe is named with its compressor, and judged after about as many steps as DDP", () => {
  assert.equal(
    commandOf("local-sgd:steps=5 stc:0.01"),
    `node main.js train --recipe local-sgd:steps=5 --compressor stc:0.01 --eval-every ${EVAL_STEPS / 5} --seed 3 --json --log json --out /out`,
  );
  assert.match(commandOf("all-reduce-sgd"), new RegExp(`--recipe all-reduce-sgd --eval-every ${EVAL_STEPS} `));
  assert.match(commandOf("local-sgd:steps=100"), /--eval-every 1 /);
});

test("what is no recipe or no compressor is refused before anything runs", () => {
  for (const name of ["local-sdg", "sgd top-q:0.1", "sgd sign sign", ""]) {
    assert.throws(() => commandOf(name), ConfigError, name);
  }
});

test("every bandwidth has an advised recipe", () => {
  for (const rate of [undefined, ...[1000, 100, 20, 5, 0.01].map(megabitsPerSecond)]) commandOf(advisedRecipe(rate));
});
