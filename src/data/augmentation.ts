/**
 * Seeded augmentation of images: mirrored left to right, and shifted by a crop out of zeros around the image.
 */
import type { Random } from "../base/random.ts";

export interface Augmentation {
  /** Probability of mirroring, 0 to 1. */
  readonly flip: number;
  /** Pixels of zeros around the image that the crop may reach into. */
  readonly crop: number;
}

/** Shape of an image. */
export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Writes each image changed by its own draws: row i takes draws 3i, 3i + 1 and 3i + 2 of `rng`.
 * @param images rows of [channels, height, width]
 * @param out as long as `images`, and no part of it
 */
export function augment(
  images: Float32Array,
  { channels, height, width }: ImageShape,
  { flip, crop }: Augmentation,
  rng: Random,
  out: Float32Array,
): void {
  const plane = height * width;
  const rows = images.length / (channels * plane);
  for (let row = 0; row < rows; row++) {
    const mirrored = rng.uniform(3 * row) < flip;
    const down = Math.floor(rng.uniform(3 * row + 1) * (2 * crop + 1)) - crop;
    const right = Math.floor(rng.uniform(3 * row + 2) * (2 * crop + 1)) - crop;
    for (let channel = 0; channel < channels; channel++) {
      const start = (row * channels + channel) * plane;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const [fromY, fromX] = [y + down, (mirrored ? width - 1 - x : x) + right];
          const inside = fromY >= 0 && fromY < height && fromX >= 0 && fromX < width;
          out[start + y * width + x] = inside ? images[start + fromY * width + fromX]! : 0;
        }
      }
    }
  }
}
