/**
 * Where frames land: copied once from the block they came in to memory in which kernels work in place. The block is free
 * again at once, and neither the checksum nor the decoder has to bring the bytes into that memory by itself. Frames that
 * go into a block are written in such a place first, for the same reason.
 */
import { bytesVector } from "../../kernels/index.ts";
import { isShared } from "./blocks.ts";
import { copyBytes } from "./copy-bytes.ts";

/** Frames that were transferred: below it the bytes pass the kernels' scratch faster than a place is looked after. */
const LANDED_BYTES_MIN = 256 * 1024;

/** Frames that the program keeps beyond this many bytes are read where they lie. */
const LANDED_BYTES_MAX = 64 * 2 ** 20;

/** Frames of about the same size share places. */
const STEP_BYTES = 64 * 1024;

export class LandingPlaces {
  #free: Uint8Array[] = [];
  #taken: Uint8Array[] = [];
  #bytes = 0;

  /** A copy of the frame, or undefined where it is small or there is no place for it. */
  land(frame: Uint8Array): Uint8Array | undefined {
    if (!isShared(frame) && frame.length < LANDED_BYTES_MIN) return undefined;
    const landed = this.place(frame.length);
    if (landed !== undefined) copyBytes(frame, landed);
    return landed;
  }

  /** A place for so many bytes, if there is one; to be released. */
  place(length: number): Uint8Array | undefined {
    return this.#take(Math.ceil(length / STEP_BYTES) * STEP_BYTES)?.subarray(0, length);
  }

  /** The place of a landed frame, or of a part of it, is free again. Others are no business of this. */
  release(part: Uint8Array): boolean {
    const at = this.#taken.findIndex(
      ({ buffer, byteOffset, length }) =>
        buffer === part.buffer && part.byteOffset >= byteOffset && part.byteOffset < byteOffset + length,
    );
    if (at < 0) return false;
    this.#free.push(...this.#taken.splice(at, 1));
    return true;
  }

  #take(size: number): Uint8Array | undefined {
    const at = this.#free.findIndex(({ length }) => length === size);
    const place = at < 0 ? this.#open(size) : this.#free.splice(at, 1)[0];
    if (place !== undefined) this.#taken.push(place);
    return place;
  }

  #open(size: number): Uint8Array | undefined {
    if (this.#bytes + size > LANDED_BYTES_MAX) return undefined;
    this.#bytes += size;
    return bytesVector(size);
  }
}
