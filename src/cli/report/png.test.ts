import assert from "node:assert/strict";
import { test } from "node:test";
import { figureSvg } from "./figure.ts";
import { openRasteriser } from "./png.ts";

const rasterise = await openRasteriser();

test("a figure becomes a PNG of one and a half times its size, with its text", {
  skip: rasterise === undefined ? "@resvg/resvg-wasm and dejavu-fonts-ttf are not installed" : false,
}, () => {
  const figure = { xLabel: "rounds", yLabel: "f", yScale: "linear", curves: [] } as const;
  const png = rasterise!(figureSvg("A title", figure));
  assert.deepEqual([...png.subarray(1, 4)].map((byte) => String.fromCharCode(byte)).join(""), "PNG");
  assert.equal(new DataView(png.buffer, png.byteOffset).getUint32(16), 960);
  const untitled = rasterise!(figureSvg("", figure));
  assert.notDeepEqual(png, untitled); // the font was found
});
