import assert from "node:assert/strict";
import { test } from "node:test";
import { torchModelTask } from "./torch-models.ts";

const images = { inputShape: [28, 28], classes: 10 };

test("PyTorch is given the layers of the spec", () => {
  const step = { batch: 8, repeats: 3 };
  assert.deepEqual(torchModelTask("mlp:5,4", images, 8, 3), { kind: "mlp", widths: [784, 5, 4, 10], ...step });
  assert.deepEqual(torchModelTask("softmax", images, 8, 3), { kind: "mlp", widths: [784, 10], ...step });
  const cnn = { kind: "cnn", image: [1, 28, 28], classes: 10, ...step };
  assert.deepEqual(torchModelTask("cnn", images, 8, 3), { ...cnn, widths: [16, 32, 128] });
  assert.deepEqual(torchModelTask("cnn:4,8,9", images, 8, 3), { ...cnn, widths: [4, 8, 9] });
  const photographs = { inputShape: [3, 32, 32], classes: 10 };
  const resnet = { kind: "resnet", width: 16, image: [3, 32, 32], classes: 10, ...step };
  assert.deepEqual(torchModelTask("resnet:20,norm=batch", photographs, 8, 3), { ...resnet, layers: 20, norm: "batch" });
  const text = { inputShape: [64], classes: 65 };
  const gpt = { kind: "gpt", layers: 2, heads: 4, width: 128, context: 64, classes: 65, ...step };
  assert.deepEqual(torchModelTask("gpt:layers=2", text, 8, 3), gpt);
});

test("a model without a twin is not timed", () => {
  for (const spec of ["lstm", "cnn:norm=batch", "resnet:8,norm=instance", "logistic"]) {
    assert.equal(torchModelTask(spec, images, 8, 3), undefined);
  }
});
