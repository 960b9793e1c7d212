import assert from "node:assert/strict";
import { test } from "node:test";
import { Aborted } from "../../base/errors.ts";
import type { Bench, Experiment } from "../../reproduction/experiment.ts";
import { reproduce } from "../../reproduction/result.ts";
import { runCommandLine } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { FakeWorld } from "../testing/fake-world.ts";
import type { Reproduction } from "../world.ts";

const experiment = (name: string, holds: boolean, files: readonly string[] = []): Experiment => ({
  name,
  title: `What ${name} shows`,
  paper: "arXiv:1234.56789",
  claim: "x < 1",
  setting: "one worker",
  files,
  run: async ({ signal }) => {
    if (signal.aborted) throw new Aborted("simulation", { expected: "to run to its end", got: "an abort" });
    return {
      measured: "x = 0.5",
      holds,
      ...(holds ? {} : { reason: "too few rounds" }),
      figure: {
        xLabel: "rounds",
        yLabel: "f",
        yScale: "log",
        curves: [
          {
            name: "a & b",
            points: [
              { x: 0, y: 1 },
              { x: 1, y: 1e-3 },
            ],
          },
        ],
      },
    };
  },
});

function worldOf(experiments: readonly Experiment[], png = false, threads = 1): FakeWorld {
  let now = 0;
  const reproduction: Reproduction = {
    experiments: async () => new Map(experiments.map((entry) => [entry.name, entry])),
    threads,
    // These experiments read no data.
    run: (entry, folder, signal) => reproduce(entry, { folder, signal } as Bench, () => (now += 500)),
    rasteriser: async () => (png ? (svg) => new Uint8Array(svg.length) : undefined),
  };
  return new FakeWorld(undefined, { reproduction });
}

const told = async (world: FakeWorld, ...args: string[]) => ({
  code: await runCommandLine(["reproduce", ...args], world, "1.2.3"),
  out: world.out.text,
  err: world.stderr.text,
});

test("each experiment is printed with its claim and its verdict, and kept with a plot and a table", async () => {
  const world = worldOf([experiment("first", true), experiment("second", false)]);
  const { code, out, err } = await told(world, "first", "second", "--out", "results");
  assert.equal(code, EXIT.done);
  assert.match(out, /^first: holds \(500 ms\)\n {2}claim: x < 1\n {2}measured: x = 0.5\nsecond: differs/);
  assert.match(out, /note: too few rounds/);
  assert.match(out, /experiment +paper +verdict +time\nfirst .*holds .*\nsecond .*differs/);
  assert.match(err, /no PNG files: npm install @resvg\/resvg-wasm dejavu-fonts-ttf/);
  assert.deepEqual([...world.files.keys()].sort(), [
    "results/README.md",
    "results/first.svg",
    "results/results.json",
    "results/second.svg",
  ]);
  assert.match(world.files.get("results/first.svg")!, /^<svg xmlns=.*a &amp; b/s);
  const page = world.files.get("results/README.md")!;
  assert.match(
    page,
    /\| \[second\]\(#second\) \| What second shows \| .*arxiv.org\/abs\/1234.56789\) \| differs \| 0.5 \|/,
  );
  assert.match(page, /!\[What first shows\]\(first\.svg\)/);
  assert.match(page, /seconds, measured on \d+ cores? of .+, Node \d+\.\d+\.\d+\.\n/);
});

test("--json is one array with name, paper, claim, measured, verdict and seconds", async () => {
  const world = worldOf([experiment("first", true)], true);
  const { out, err } = await told(world, "--all", "--json", "--out", "o");
  const [result, ...rest] = JSON.parse(out);
  assert.deepEqual(rest, []);
  assert.deepEqual(
    [result.name, result.paper, result.claim, result.measured, result.verdict, result.seconds],
    ["first", "arXiv:1234.56789", "x < 1", "x = 0.5", "holds", 0.5],
  );
  assert.match(err, /running first/);
  assert.match(world.files.get("o/first.png")!, /^\d+ bytes$/);
});

test("results of earlier calls stay in the table, in the order of the list, and are replaced by newer ones", async () => {
  const world = worldOf([experiment("first", true), experiment("second", false)]);
  await told(world, "second", "--out", "o");
  await told(world, "first", "--out", "o");
  await told(world, "second", "--out", "o");
  const names = JSON.parse(world.files.get("o/results.json")!).map(({ name }: { name: string }) => name);
  assert.deepEqual(names, ["first", "second"]);
  assert.match(world.files.get("o/README.md")!, /## first[\s\S]*## second/);
});

test("an unknown name is met with the nearest one, and no name at all is wrong", async () => {
  const world = worldOf([experiment("first", true)]);
  const { code, err } = await told(world, "frist");
  assert.equal(code, EXIT.usage);
  assert.match(err, /^thinwire: reproduce: expected an experiment: first, got "frist"\. Did you mean first\?\n$/);
  assert.equal((await told(worldOf([experiment("first", true)]))).code, EXIT.usage);
  assert.equal(world.files.size, 0);
});

test("--list tells what there is and runs nothing", async () => {
  const world = worldOf([experiment("first", true, ["a9a"])]);
  const { out } = await told(world, "--list");
  assert.match(out, /^first: What first shows \(arXiv:1234.56789\)\n {2}x < 1\n {2}reads a9a\n$/);
  assert.equal(world.files.size, 0);
  const json = await told(worldOf([experiment("first", true)]), "--list", "--json");
  assert.equal(JSON.parse(json.out)[0].name, "first");
});

test("--all leaves out what has no data, and says so", async () => {
  const world = worldOf([experiment("first", true, ["a9a"]), experiment("second", true, ["w8a"])]);
  world.files.set("d/w8a", "");
  const { code, out, err } = await told(world, "--all", "--data", "d", "--out", "o");
  assert.equal(code, EXIT.done);
  assert.match(err, /left out first: no a9a in d \(see --data\)/);
  assert.doesNotMatch(out, /first/);
  assert.match(out, /second: holds/);
});

test("Ctrl-C stops the experiment under way, keeps those before it, and exits with 130", async () => {
  const world: FakeWorld = worldOf([
    experiment("first", true),
    {
      ...experiment("second", true),
      run(bench) {
        world.pressCtrlC();
        return experiment("second", true).run(bench);
      },
    },
  ]);
  const { code } = await told(world, "--all", "--out", "o");
  assert.equal(code, EXIT.interrupted);
  assert.ok(world.files.has("o/first.svg") && !world.files.has("o/second.svg"));
  assert.equal(world.listening, false);
});

test("several run side by side, as many as there are threads, and each is kept once", async () => {
  const order: string[] = [];
  const slow = (name: string, turns: number): Experiment => ({
    ...experiment(name, true),
    async run(bench) {
      order.push(`${name} begins`);
      for (let i = 0; i < turns; i++) await Promise.resolve();
      order.push(`${name} ends`);
      return await experiment(name, true).run(bench);
    },
  });
  const world = worldOf([slow("first", 100), slow("second", 10), slow("third", 10)], false, 2);
  const { code, out } = await told(world, "--all", "--json");
  assert.equal(code, EXIT.done);
  assert.deepEqual(order.slice(0, 3), ["first begins", "second begins", "second ends"]);
  assert.equal(order.length, 6);
  const names = JSON.parse(out.trim().split("\n").at(-1)!).map(({ name }: { name: string }) => name);
  assert.deepEqual(names.toSorted(), ["first", "second", "third"]);
  const kept = JSON.parse((await world.readFile("docs/results/results.json"))!);
  assert.deepEqual(
    kept.map(({ name }: { name: string }) => name),
    ["first", "second", "third"],
  );
});
