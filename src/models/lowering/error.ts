import { ModelError } from "../../base/errors.ts";

/** The model is sound, but has no form that ONNX Runtime can run here; the jax engine runs it. */
export class LoweringError extends ModelError {}
