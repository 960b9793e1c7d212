/** Rice codes of ascending positions. */

export function writeRice(positions: Uint32Array, parameter: number, code: Uint8Array): void {
  code.fill(0);
  let bit = 0;
  let next = 0;
  const put = (one: number) => {
    code[bit >>> 3]! |= one << (7 - (bit & 7));
    bit += 1;
  };
  for (let j = 0; j < positions.length; j++) {
    const gap = positions[j]! - next;
    for (let ones = gap >>> parameter; ones > 0; ones--) put(1);
    put(0);
    for (let b = parameter - 1; b >= 0; b--) put((gap >>> b) & 1);
    next = positions[j]! + 1;
  }
}

export function readRice(code: Uint8Array, parameter: number, length: number, positions: Uint32Array): number {
  let bit = 0;
  let next = 0;
  const take = (): number => {
    const one = (code[bit >>> 3]! >>> (7 - (bit & 7))) & 1; // 0 beyond the end
    bit += 1;
    return one;
  };
  for (let j = 0; j < positions.length; j++) {
    let gap = 0;
    while (take() === 1) gap += 1;
    for (let b = 0; b < parameter; b++) gap = 2 * gap + take();
    const position = next + gap;
    if (position >= length || bit > 8 * code.length) return -1;
    positions[j] = position;
    next = position + 1;
  }
  return bit;
}
