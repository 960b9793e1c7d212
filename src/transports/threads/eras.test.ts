import assert from "node:assert/strict";
import { test } from "node:test";
import { peerId, type View } from "../../ports/view.ts";
import { Eras } from "./eras.ts";

const viewOf = (epoch: number, ...ids: number[]): View => ({ epoch, members: ids.map(peerId), workers: [] });
const lostTo = (eras: Eras): number[] => [...eras.lost.keys()];

test("a peer is in its view until it advances, and then in the newest", () => {
  const eras = new Eras(viewOf(0, 0, 1, 2));
  assert.deepEqual([eras.outdated, eras.advance()], [false, undefined]);
  eras.announce(viewOf(1, 0, 1));
  eras.announce(viewOf(2, 0, 1, 3));
  eras.announce(viewOf(1, 0, 1)); // late
  assert.deepEqual([eras.outdated, eras.view.epoch], [true, 0]);
  assert.deepEqual([eras.advance()?.epoch, eras.outdated], [2, false]);
});

test("who was lost before a view is there again in it; who was lost since is lost to both", () => {
  const eras = new Eras(viewOf(0, 0, 1, 2));
  eras.lose(peerId(1), "cut");
  eras.announce(viewOf(1, 0, 1, 2));
  eras.lose(peerId(2), "gone");
  assert.deepEqual(lostTo(eras), [1, 2]);
  eras.advance();
  assert.deepEqual(lostTo(eras), [2]);
});

test("who has gone on is lost to older views, also to one that is entered later, and to no newer one", () => {
  const eras = new Eras(viewOf(0, 0, 1));
  assert.equal(eras.enter(peerId(1), 2), "it has gone on to view 2");
  eras.announce(viewOf(1, 0, 1));
  eras.advance();
  assert.deepEqual(lostTo(eras), [1]);
  eras.announce(viewOf(2, 0, 1));
  eras.advance();
  assert.deepEqual(lostTo(eras), []);
});
