import { checkArguments } from "../base/spec.ts";
import type { ChannelEntry } from "./entry.ts";
import { errorFeedback } from "./error-feedback.ts";

/** DeepSqueeze needs no channel of its own: it is error feedback with a node's model as the vector. */
export const deepSqueezeEntry: ChannelEntry = {
  name: "deep-squeeze",
  summary: "error feedback on a node's model in place of its gradient; the neighbours mirror nothing",
  paper: "arXiv:1907.07346",
  law: "that of error-feedback: Σ r = Σ y + e_0 − e_T, y the model after the local step",
  memory: { sender: 2, receiver: 0 },
  options: [],
  parse(spec, compressor, where) {
    checkArguments(spec, where, 0);
    return errorFeedback(compressor);
  },
};
