/**
 * SVG to PNG, by resvg compiled to WebAssembly and a font from a package; both are optional.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The part of `@resvg/resvg-wasm` that is used. */
interface Resvg {
  initWasm(module: Uint8Array): Promise<void>;
  readonly Resvg: new (
    svg: string,
    options: object,
  ) => { render(): { asPng(): Uint8Array; free(): void }; free(): void };
}

export type Rasterise = (svg: string) => Uint8Array;

const RENDERER = "@resvg/resvg-wasm";
const FONT = "dejavu-fonts-ttf/ttf/DejaVuSans.ttf";
/** Pixels of the picture for one of the drawing. */
const SCALE = 1.5;

let opened: Promise<Rasterise | undefined> | undefined;

/** Undefined where the packages are not installed. */
export const openRasteriser = (): Promise<Rasterise | undefined> => {
  opened ??= open();
  return opened;
};

async function open(): Promise<Rasterise | undefined> {
  const files = [`${RENDERER}/index_bg.wasm`, FONT].map(installed);
  if (files.some((file) => file === undefined)) return undefined;
  const [wasm, font] = await Promise.all(files.map((file) => readFile(file!)));
  const resvg = (await import(RENDERER)) as Resvg; // a name in a variable: types of a package that may be missing
  await resvg.initWasm(wasm!);
  const options = {
    fitTo: { mode: "zoom", value: SCALE },
    font: { fontBuffers: [font!], defaultFontFamily: "DejaVu Sans", sansSerifFamily: "DejaVu Sans" },
  };
  return (svg) => {
    const drawing = new resvg.Resvg(svg, options);
    const picture = drawing.render();
    const png = picture.asPng().slice();
    picture.free();
    drawing.free();
    return png;
  };
}

function installed(name: string): string | undefined {
  try {
    return fileURLToPath(import.meta.resolve(name));
  } catch {
    return undefined;
  }
}
