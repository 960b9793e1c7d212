/**
 * Trains small swarms whose peers come and go, by schedules drawn from seeds, and checks what must hold (`src/runs/testing/soak.ts`):
 *
 *     npm run soak -- --minutes 10 [--from 1] [--recipe ef21]      seeds from 1 on, until the time is over
 *     npm run soak -- --seed 7 [--recipe ef21]                     one schedule again
 */
import { parseArgs } from "node:util";
import { type Soaked, soak } from "../src/runs/testing/soak.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    recipe: { type: "string", default: "" },
    "keep-going": { type: "boolean", default: false },
  },
});
const { recipe } = values;

if (values.seed === undefined) await soakFor(Number(values.minutes));
else console.log(told(await soak(Number(values.seed), recipe)));

async function soakFor(minutes: number): Promise<void> {
  const begin = performance.now();
  const first = Number(values.from);
  const sums = { crashed: 0, returned: 0, undone: 0, forgotten: 0 };
  let seed = first;
  for (; performance.now() - begin < 60_000 * minutes; seed++) {
    const soaked = await soak(seed, recipe).catch((error: unknown) => failed(seed, error));
    if (soaked === undefined) continue;
    for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += soaked[key];
  }
  const seconds = (performance.now() - begin) / 1000;
  const pace = Math.round((seed - first) / seconds);
  console.log(`${seed - first} schedules in ${seconds.toFixed(0)} s, ${pace} a second: ${JSON.stringify(sums)}`);
}

function failed(seed: number, error: unknown): void {
  console.error(error);
  const chosen = recipe === "" ? "" : ` --recipe ${recipe}`;
  console.error(`npm run soak -- --seed ${seed}${chosen}    replays this schedule`);
  process.exitCode = 1;
  if (!values["keep-going"]) process.exit();
}

function told({ schedule, ...brought }: Soaked): string {
  return JSON.stringify({ ...schedule, ...brought }, null, 2);
}
