/**
 * Loaded before every test file: property tests draw from one fixed seed, so that a run of the tests tells the same story
 * each time. `THINWIRE_TEST_SEED=7 npm run unit` tells another, and a failure prints the seed that replays it.
 */
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env.THINWIRE_TEST_SEED ?? 1) });
