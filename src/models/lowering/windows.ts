/** Every place in a window of some dimensions, row by row. */
export const offsetsIn = (window: readonly number[]): readonly (readonly number[])[] =>
  window.reduce<number[][]>((all, n) => all.flatMap((head) => Array.from({ length: n }, (_, i) => [...head, i])), [[]]);
