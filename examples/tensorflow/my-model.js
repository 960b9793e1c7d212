/**
 * A network of TensorFlow.js, trained by Thinwire:
 *
 *     cd examples/tensorflow && npm install && cd ../..
 *     thinwire train --model examples/tensorflow/my-model.js
 *
 * The model is any `tf.LayersModel` that gives one score per class.
 */
import * as tf from "@tensorflow/tfjs";
import { fromTensorflow } from "./adapter.js";

export const model = fromTensorflow("tensorflow", ({ inputShape, inputSize, classes }) =>
  tf.sequential({
    layers: [
      tf.layers.reshape({ inputShape: [...inputShape], targetShape: [inputSize] }),
      tf.layers.dense({ units: 64, activation: "relu" }),
      tf.layers.dense({ units: classes }),
    ],
  }),
);
