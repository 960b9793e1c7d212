/**
 * Hostile bytes against every decoder:
 *
 *     node scripts/fuzz.ts [--minutes 10] [--seed 1] [--target "codec sign"]...
 *     node scripts/fuzz.ts --seed 1 --target "codec sign" --case 17            replays one case
 *
 * A case that fails is saved under `test/corpus`, where `npm test` tries it again for ever.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { lookUp, parseNumber } from "../src/base/spec.ts";
import { corpusPath, savedCase } from "../test/fuzz/corpus.ts";
import { type Failure, fuzz, runCase, targets } from "../test/fuzz/fuzz.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    target: { type: "string", multiple: true, default: [...targets.keys()] },
    case: { type: "string" },
  },
});
const minutes = parseNumber(values.minutes, "--minutes", { above: 0 });
const seed = parseNumber(values.seed, "--seed", { min: 0, integer: true });
for (const name of values.target) lookUp(targets, name, "--target", "a target");
const clock = () => performance.now();

if (values.case === undefined) {
  console.log(`seed ${seed}, ${values.target.length} targets, ${minutes} min`);
  const { cases, failure } = await fuzz(seed, values.target, clock() + 60_000 * minutes, clock);
  console.log(`${cases} cases`);
  end(failure);
} else {
  const number = parseNumber(values.case, "--case", { min: 0, integer: true });
  end(await runCase({ target: values.target[0]!, seed, number }, clock));
}

function end(failure: Failure | undefined): void {
  if (failure === undefined) {
    console.log("no decoder was wrong");
    return;
  }
  const path = corpusPath(failure);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, savedCase(failure));
  const { target, number, length, bytes, why } = failure;
  console.error(`${target}, length ${length}, ${bytes.length} bytes: ${why}`);
  console.error(`saved as ${path}`);
  console.error(`replay: node scripts/fuzz.ts --seed ${seed} --target "${target}" --case ${number}`);
  process.exitCode = 1;
}
