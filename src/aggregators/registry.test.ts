import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../base/errors.ts";
import { aggregatorContract, type Traits } from "./aggregator.contract.ts";
import { aggregators, parseAggregator } from "./registry.ts";

const TRAITS: Readonly<Record<string, Traits>> = {
  mean: { strict: true },
  "weighted-mean": { strict: true },
  "majority-vote": { anchored: true, reshapes: true },
  adasum: { ordered: true, anchored: true },
  "centered-clipping": { anchored: true, reshapes: true },
  "norm-clipping": { anchored: true, reshapes: true },
  bucketing: { ordered: true },
};
/** Centered clipping within it starts from 0. */
const ANCHORED_WITHIN = "bucketing:2,(centered-clipping:1,rounds=2)";

for (const { name, examples } of aggregators.values()) {
  for (const spec of examples) {
    aggregatorContract(
      spec,
      spec === ANCHORED_WITHIN ? { ...TRAITS["centered-clipping"], ordered: true } : TRAITS[name],
    );
  }
}

test("specs with defaults and spaces left to the parser have one canonical name", () => {
  const names = {
    "trimmed-mean": "trimmed-mean:1",
    krum: "krum:1",
    "multi-krum:2, m=3": "multi-krum:2,m=3",
    "geometric-median:nu=1e-6,rounds=3": "geometric-median:rounds=3",
    "majority-vote:ties=plus": "majority-vote",
    "adasum:per-layer=true": "adasum",
    "bucketing:median": "bucketing:2,median",
    "bucketing:3,(krum:1)": "bucketing:3,krum:1",
  };
  for (const [spec, name] of Object.entries(names)) assert.equal(parseAggregator(spec, "test").name, name);
});

test("a spec that cannot be used is refused with the option's name and the nearest valid one", () => {
  assert.throws(() => parseAggregator("trimed-mean", "--aggregator"), /--aggregator.*Did you mean trimmed-mean\?/s);
  const bad = [
    "mean:1",
    "trimmed-mean:-1",
    "trimmed-mean:0.5",
    "krum:1,2",
    "krum:x",
    "multi-krum:1,m=0",
    "geometric-median:rounds=0",
    "geometric-median:nu=0",
    "centered-clipping",
    "centered-clipping:0",
    "norm-clipping",
    "norm-clipping:-1",
    "majority-vote:ties=none",
    "adasum:per-layer=1",
    "bucketing",
    "bucketing:2",
    "bucketing:0,median",
    "bucketing:2,mean",
    "bucketing:2,majority-vote",
    `bucketing:${"2,(bucketing:".repeat(100)}`,
  ];
  for (const spec of bad) assert.throws(() => parseAggregator(spec, "--aggregator"), ConfigError, spec);
});
