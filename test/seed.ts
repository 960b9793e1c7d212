/**
 * Loaded before every test file: property tests draw from one fixed seed, so that a run of the tests tells the same story
 * each time. `THINWIRE_TEST_SEED=7 npm run unit` tells another, and a failure prints the seed that replays it. And what is
 * compiled for one file need not be for the next.
 */
import fc from "fast-check";
import { keepCompiledCode } from "../src/cli/compile-cache.ts";

keepCompiledCode(process.env);

fc.configureGlobal({ seed: Number(process.env.THINWIRE_TEST_SEED ?? 1) });
