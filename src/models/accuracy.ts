/**
 * Counts rows that are classified right.
 *
 * With one score a row, class 1 is where it is above 0; with several, the class of the largest score, the first among
 * equals. A row with a score that is no number is wrong.
 */
export function countRight(scores: Float32Array, targets: Int32Array): number {
  const width = scores.length / targets.length;
  let right = 0;
  for (let row = 0; row < targets.length; row++) {
    const guess = width === 1 ? sideOf(scores[row]!) : largest(scores, row * width, width);
    if (guess === targets[row]) right += 1;
  }
  return right;
}

const sideOf = (score: number): number => (Number.isNaN(score) ? -1 : score > 0 ? 1 : 0);

function largest(scores: Float32Array, first: number, width: number): number {
  let best = 0;
  for (let i = 0; i < width; i++) {
    const score = scores[first + i]!;
    if (Number.isNaN(score)) return -1;
    if (score > scores[first + best]!) best = i;
  }
  return best;
}
