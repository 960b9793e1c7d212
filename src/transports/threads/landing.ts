/**
 * Where large frames land: copied once from the block they came in to memory in which kernels work in place. The block
 * is free again at once, and neither the checksum nor the decoder has to bring the bytes into that memory by itself.
 */
import { bytesVector } from "../../kernels/index.ts";

/** Below it the bytes pass the kernels' scratch faster than a place is looked after. */
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
    if (frame.length < LANDED_BYTES_MIN) return undefined;
    const place = this.#take(Math.ceil(frame.length / STEP_BYTES) * STEP_BYTES);
    if (place === undefined) return undefined;
    const landed = place.subarray(0, frame.length);
    landed.set(frame);
    return landed;
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
