/** Rice codes in WebAssembly. */
import { assert } from "../../base/errors.ts";
import { PIECE, SLOT_BYTES } from "../addresses.ts";
import type { Arena } from "../arena.ts";
import type { Kernels } from "../kernels.ts";
import { Slot } from "../scratch.ts";
import * as twin from "../twin/rice.ts";
import type { WasmKernels } from "../wasm.ts";

type RiceKernels = Pick<Kernels, "writeRice" | "readRice">;

export function riceKernels(wasm: WasmKernels, arena: Arena): RiceKernels {
  const bytes = new Slot<Uint8Array>(arena, 0, Uint8Array);
  const words = new Slot<Uint32Array>(arena, 1, Uint32Array);

  return {
    writeRice(positions, parameter, code) {
      // How many positions a piece of code holds is known only when it is written.
      if (!words.holds(positions) || !bytes.holds(code)) return twin.writeRice(positions, parameter, code);
      const end = wasm.writeRice(positions.byteOffset, positions.length, parameter, code.byteOffset);
      assert(end === code.byteOffset + code.length, "a kernel got other room than a Rice code takes");
    },

    readRice(code, parameter, length, positions) {
      wasm.openRice();
      let bit = 0;
      for (let found = 0; found < positions.length; ) {
        const byte = bit >>> 3;
        const size = Math.min(code.length - byte, SLOT_BYTES);
        const most = Math.min(positions.length - found, PIECE);
        const [from, to] = [bytes.load(code, byte, size), words.room(positions, found)];
        const here = wasm.readRice(from, size, bit & 7, parameter, length, to, most);
        // None: the code is wrong, or a single gap is longer than a piece.
        if (here === 0) return byte + size === code.length ? -1 : twin.readRice(code, parameter, length, positions);
        words.store(positions, found, here);
        bit = 8 * byte + wasm.riceBit();
        found += here;
      }
      return bit;
    },
  };
}
