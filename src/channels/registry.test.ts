import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { topK } from "../compressors/top-k.ts";
import { channels, parseChannel } from "./registry.ts";

/** Two published methods that are error feedback around something else. */
const NAMES: Readonly<Record<string, string>> = {
  "multi-step": "error-feedback(multi-step:4,top-k:2)",
  "deep-squeeze": "error-feedback(top-k:2)",
};

test("each channel is listed under the name that its instances carry", () => {
  for (const name of channels.keys()) {
    assert.equal(parseChannel(name, topK(2), "test").name, NAMES[name] ?? `${name}(top-k:2)`);
  }
});

test("options in a spec reach the channel, and the usual ones are left out of its name", () => {
  const names: Readonly<Record<string, string>> = {
    "error-feedback:decay=0.9,weight=0.5": "error-feedback:decay=0.9,weight=0.5(top-k:2)",
    "ef21:init=full": "ef21:init=full(top-k:2)",
    "ef21:init=compressed": "ef21(top-k:2)",
    "ef21:init=zero": "ef21(top-k:2)",
    "ef21-plus:init=full": "ef21-plus:init=full(top-k:2)",
    "memory:alpha=0.1,keep=each": "memory:alpha=0.1,keep=each(top-k:2)",
    "memory:alpha=half,init=zero,keep=mean": "memory(top-k:2)",
    "memory:alpha=theory,init=full": "memory:alpha=theory,init=full(top-k:2)",
    "preserved-model:init=zero": "preserved-model:init=zero(top-k:2)",
    "difference:init=full": "difference:init=full(top-k:2)",
    "multi-step:steps=7": "error-feedback(multi-step:7,top-k:2)",
  };
  for (const [spec, name] of Object.entries(names)) assert.equal(parseChannel(spec, topK(2), "test").name, name);
});

test("a bad spec names what would have been accepted", () => {
  const complaints: Readonly<Record<string, RegExp>> = {
    ef22: /Did you mean ef21\?/,
    "ef21:init=half": /init=compressed or init=full or init=zero/,
    "ef21:start=full": /one of init/,
    "memory:alpha=2": /at most 1/,
    "memory:keep=none": /keep=mean or keep=each/,
    "multi-step:steps=0": /at least 1/,
    "direct:7": /at most 0 plain/,
    "error-feedback:decay=0": /above 0/,
  };
  for (const [spec, text] of Object.entries(complaints)) {
    assert.throws(
      () => parseChannel(spec, topK(2), "test"),
      (error) => error instanceof ConfigError && text.test(error.message),
      spec,
    );
  }
});

test("receivers keep mirrored vectors where the table says that they remember, and nowhere else", () => {
  const rng = Random.fromSeed(1);
  for (const [name, { memory }] of channels) {
    const channel = parseChannel(name, topK(2), "test");
    const [sender, receiver] = [channel.sender(9), channel.receiver(9)];
    receiver.decode(sender.encode(new Float32Array(9).fill(1), rng), new Float32Array(9), rng);
    const vectors = [...receiver.save().shared.values()].filter(({ length }) => length === 9);
    assert.equal(vectors.length, memory.receiver === 2 ? 1 : 0, name);
  }
});
