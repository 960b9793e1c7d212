/**
 * TensorFlow.js models as models of Thinwire: parameters are copied into TensorFlow's variables, and `tf.variableGrads` gives
 * the gradient.
 */
import * as tf from "@tensorflow/tfjs";
import { constant, glorot } from "../../src/models/index.ts"; // outside this repository: from "thinwire/models"

await tf.setBackend("cpu"); // pure JavaScript; `npm install @tensorflow/tfjs-backend-wasm` has a faster one

const ROWS_AT_ONCE = 256;

/**
 * @param {string} name for the header of a run
 * @param {(data: { inputShape: readonly number[], inputSize: number, classes: number }) => tf.LayersModel} build
 *   a model that gives one score per class; its weights must all be trainable (no batch norm, whose running moments must not
 *   be averaged)
 * @returns what a model file exports as `model`
 */
export const fromTensorflow = (name, build) => ({
  name,
  open(data) {
    const network = build(data);
    if (network.weights.length !== network.trainableWeights.length) {
      throw new Error(`${name}: all weights must be trainable, since all that Thinwire averages is trained.`);
    }
    return new TensorflowModel(name, network, data);
  },
});

class TensorflowModel {
  engine = `tensorflow.js ${tf.version["tfjs-core"]} ${tf.getBackend()}`;
  #network;
  #data;
  #variables;

  constructor(name, network, data) {
    this.name = name;
    this.#network = network;
    this.#data = data;
    this.#variables = network.trainableWeights.map((weight) => weight.val);
    let offset = 0;
    const tensors = this.#variables.map(({ size, shape }, i) => {
      const slot = { name: network.trainableWeights[i].originalName, shape, offset, length: size };
      offset += size;
      return slot;
    });
    this.layout = { tensors, length: offset };
    this.roles = tensors.map(({ shape }) => (shape.length > 1 ? "weight" : "bias"));
  }

  /** A function of the seed alone: TensorFlow's own first values differ from run to run. */
  init(rng, params) {
    for (const { name, shape, offset, length } of this.layout.tensors) {
      const first = shape.length > 1 ? glorot(shape) : constant(shape, 0);
      first.fill(rng.split(name), params.subarray(offset, offset + length));
    }
  }

  async gradient(params, batch, out) {
    this.#take(params);
    return tf.tidy(() => {
      const { inputs, targets } = this.#tensors(batch.inputs, batch.targets, batch.size);
      const { value, grads } = tf.variableGrads(() => this.#loss(inputs, targets), this.#variables);
      for (const [i, { offset }] of this.layout.tensors.entries()) {
        out.set(grads[this.#variables[i].name].dataSync(), offset);
      }
      return value.dataSync()[0];
    });
  }

  async evaluate(params, data) {
    this.#take(params);
    const width = this.#data.inputSize;
    let [loss, right] = [0, 0];
    for (let first = 0; first < data.rows; first += ROWS_AT_ONCE) {
      const rows = Math.min(ROWS_AT_ONCE, data.rows - first);
      tf.tidy(() => {
        const { inputs, targets } = this.#tensors(
          data.inputs.subarray(first * width, (first + rows) * width),
          data.targets.subarray(first, first + rows),
          rows,
        );
        const scores = this.#network.apply(inputs);
        loss += rows * tf.losses.softmaxCrossEntropy(tf.oneHot(targets, this.#data.classes), scores).dataSync()[0];
        right += scores.argMax(1).equal(targets).sum().dataSync()[0];
      });
    }
    return { loss: loss / data.rows, accuracy: right / data.rows };
  }

  async close() {
    this.#network.dispose();
  }

  #loss(inputs, targets) {
    const scores = this.#network.apply(inputs, { training: true });
    return tf.losses.softmaxCrossEntropy(tf.oneHot(targets, this.#data.classes), scores);
  }

  #take(params) {
    for (const [i, { shape, offset, length }] of this.layout.tensors.entries()) {
      const part = tf.tensor(params.slice(offset, offset + length), shape);
      this.#variables[i].assign(part);
      part.dispose();
    }
  }

  /** Copies: batches are used again, and may lie in shared memory. */
  #tensors(inputs, targets, rows) {
    const shape = [rows, ...this.#data.inputShape];
    return {
      inputs: tf.tensor(inputs.slice(0, rows * this.#data.inputSize), shape),
      targets: tf.tensor1d(targets.slice(0, rows), "int32"),
    };
  }
}
