import assert from "node:assert/strict";
import { test } from "node:test";
import { checkJob } from "../../runs/job.ts";
import { runCommandLine } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { FakeWorld } from "../testing/fake-world.ts";

const run = (world: FakeWorld, ...args: string[]) => runCommandLine(args, world, "1.2.3");

/** What a command prints when a job file lies beside it. */
async function printed(file: object, ...args: string[]): Promise<Record<string, unknown>> {
  const world = new FakeWorld();
  world.files.set("job.json", JSON.stringify(file));
  assert.equal(await run(world, ...args), EXIT.done, world.stderr.text);
  return JSON.parse(world.out.text);
}

test("config prints every option with its default, and what it prints gives the same again", async () => {
  const first = await printed({}, "config", "--peers", "8", "--loss", "0.1", "--metrics", "9464", "--out", "runs/a");
  assert.deepEqual(
    [first.peers, first.faults, first.link, first.metrics, first.stallAfter, first.out, first.log],
    [8, { loss: 0.1 }, "20mbit", "9464", "5min", "runs/a", "text"],
  );
  assert.deepEqual(await printed(first, "config", "--config", "job.json"), first);
});

test("the command line wins over the file, and the file over the defaults", async () => {
  const file = { recipe: "ef21", compressor: "top-k:0.05", rounds: 7, faults: { loss: 0.1, jitter: "exponential" } };
  const config = await printed(file, "config", "--config", "job.json", "--rounds", "9", "--loss", "0.2");
  assert.deepEqual(
    [config.recipe, config.compressor, config.rounds, config.faults, config.peers],
    ["ef21", "top-k:0.05", 9, { loss: 0.2, jitter: "exponential" }, 4],
  );
});

test("the job.json of a run is a job file", async () => {
  const job = checkJob({ recipe: "choco", peers: "6", link: "3mbit/4ms", until: "accuracy=0.9" });
  const config = await printed(job, "config", "--config", "job.json");
  assert.deepEqual(
    [config.recipe, config.peers, config.link, config.until],
    [job.recipe, 6, "3mbit/4ms", "accuracy=0.9"],
  );
});

test("config --json is one line", async () => {
  const world = new FakeWorld();
  await run(world, "config", "--json");
  assert.equal(world.out.lines.length, 1);
});

test("the schema has every field that config prints, with its type, its range and its default", async () => {
  const schema = (await printed({}, "config", "--schema")) as {
    properties: Record<string, { type?: unknown; default?: unknown; minimum?: number; enum?: unknown }>;
    additionalProperties: boolean;
  };
  const { properties } = schema;
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual([properties.peers?.type, properties.peers?.minimum, properties.peers?.default], ["integer", 1, 4]);
  assert.deepEqual(properties.engine?.enum, ["auto", "ort", "jax"]);
  assert.deepEqual(properties.lr?.type, ["number", "string"]);
  const config = await printed({}, "config", "--loss", "0.1", "--out", "a", "--metrics", "1", "--until", "loss=1");
  for (const [name, value] of Object.entries(config)) {
    const { type } = properties[name] ?? assert.fail(`${name} is not in the schema`);
    const kind = typeof value === "number" && Number.isInteger(value) && type !== undefined ? "integer" : typeof value;
    const types = [type ?? kind].flat();
    assert.ok(types.includes(kind) || types.includes(typeof value), `${name}: ${kind} is not ${types}`);
  }
});

const refusals: readonly [object | string, string[], RegExp][] = [
  [{ rouns: 3 }, [], /^thinwire: job\.json: rouns: .*Did you mean rounds\?\n$/],
  [{ evalEvery: 0 }, [], /^thinwire: job\.json: evalEvery: expected a whole number at least 1.*got "0"/],
  [{ faults: { loss: 2 } }, [], /^thinwire: job\.json: faults\.loss: expected a number/],
  [{ stallAfter: "0s" }, [], /^thinwire: job\.json: stallAfter: expected a time above 0/],
  [{ log: "xml" }, [], /^thinwire: job\.json: log: expected one of: text, json/],
  [{ peers: 3 }, ["--peers", "0"], /^thinwire: --peers: expected a whole number/],
  [{ recipe: "ef22" }, [], /^thinwire: job\.json: recipe: .*Did you mean ef21\?\n$/],
  ["{", [], /^thinwire: job\.json: expected JSON/],
];

for (const [file, args, message] of refusals) {
  test(`${JSON.stringify(file)} ${args.join(" ")} is refused where it was said`, async () => {
    const world = new FakeWorld();
    world.files.set("job.json", typeof file === "string" ? file : JSON.stringify(file));
    assert.equal(await run(world, "config", "--config", "job.json", ...args), EXIT.usage);
    assert.match(world.stderr.text, message);
  });
}

test("a job file that is not there is refused", async () => {
  const world = new FakeWorld();
  assert.equal(await run(world, "train", "--config", "gone.json"), EXIT.usage);
  assert.match(world.stderr.text, /^thinwire: --config: expected a file that can be read, got "gone\.json"/);
});
