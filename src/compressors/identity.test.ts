import { compressorContract } from "./compressor.contract.ts";

compressorContract("identity");
