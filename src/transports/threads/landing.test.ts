import assert from "node:assert/strict";
import { test } from "node:test";
import { LandingPlaces } from "./landing.ts";

test("a landed frame is a copy, and its place is used again once any part of it is released", () => {
  const places = new LandingPlaces();
  const frame = new Uint8Array(new SharedArrayBuffer(400_000), 8, 390_000).fill(7);
  const landed = places.land(frame)!;
  frame.fill(1);
  assert.ok(landed.length === 390_000 && landed.every((byte) => byte === 7));
  const other = places.land(frame)!;
  assert.notEqual(other.byteOffset, landed.byteOffset);
  assert.equal(places.release(landed.subarray(24, 30)), true);
  assert.equal(places.release(landed), false, "released once");
  assert.equal(places.land(frame)!.byteOffset, landed.byteOffset);
});

test("memory of others is not released", () => {
  assert.equal(new LandingPlaces().release(new Uint8Array(10)), false);
});

test("frames that are never released stop landing at a bound", () => {
  const places = new LandingPlaces();
  const frame = new Uint8Array(8 * 2 ** 20);
  let landed = 0;
  while (landed < 100 && places.land(frame) !== undefined) landed += 1;
  assert.equal(landed, 8);
});

test("a small frame that was transferred does not land; one in shared memory does", () => {
  assert.equal(new LandingPlaces().land(new Uint8Array(1000)), undefined);
  const shared = new Uint8Array(new SharedArrayBuffer(1000)).fill(3);
  assert.deepEqual(new LandingPlaces().land(shared), new Uint8Array(1000).fill(3));
});
