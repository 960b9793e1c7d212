/**
 * Elementary functions that give the same bits in every engine. JavaScript leaves the last bits of Math.log, Math.exp,
 * Math.cos and Math.pow to the engine; these use only + − × ÷ and bit patterns, which IEEE 754 fixes. Errors stay within
 * a few units in the last place; `sqrt`, `abs` and rounding are exact in every engine and need no twin here.
 */

const LN2_HIGH = 0.6931471803691238; // ln 2 with the low 21 bits cleared, so that k·LN2_HIGH is exact for |k| < 2²¹
const LN2_LOW = 1.9082149292705877e-10;
const HALF_PI_HIGH = 1.5707963267341256; // likewise π/2 in three parts
const HALF_PI_MIDDLE = 6.077100506303966e-11;
const HALF_PI_LOW = 2.0222662487959506e-21;

const view = new DataView(new ArrayBuffer(8));

/** Natural logarithm. @param x any number; NaN below 0, −∞ at 0 */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return x;
  let exponent = 0;
  let mantissa = x;
  if (mantissa < 2 ** -1022) {
    mantissa *= 2 ** 54;
    exponent -= 54;
  }
  view.setFloat64(0, mantissa);
  const high = view.getUint32(0);
  exponent += (high >>> 20) - 1023;
  view.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  mantissa = view.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  // log m = 2 artanh s with s = (m − 1)/(m + 1), |s| ≤ 0.172: twelve terms reach the last bit.
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let sum = 0;
  for (let k = 23; k >= 3; k -= 2) sum = (sum + 1 / k) * square;
  return exponent * LN2_HIGH + (exponent * LN2_LOW + 2 * s * sum + 2 * s);
}

/** e to the power x. @param x any number */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -745.2) return 0;
  const k = Math.round(x / Math.LN2);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  // Taylor to r¹⁴, |r| ≤ 0.347.
  let sum = 1;
  for (let n = 14; n >= 1; n--) sum = 1 + (r / n) * sum;
  const half = Math.trunc(k / 2); // in two steps, so that subnormal results round once
  return sum * powerOfTwo(half) * powerOfTwo(k - half);
}

/**
 * x to the power y for x ≥ 0; whole powers by repeated squaring, the rest as exp(y log x). The relative error stays below
 * (1 + |y| + |y log x|)·2⁻⁵¹.
 */
export function pow(x: number, y: number): number {
  if (Number.isInteger(y) && Math.abs(y) <= 1024) {
    let result = 1;
    let base = x;
    for (let n = Math.abs(y); n > 0; n = Math.floor(n / 2)) {
      if (n % 2 === 1) result *= base;
      base *= base;
    }
    if (y >= 0) return result;
    if (result !== Number.POSITIVE_INFINITY) return 1 / result; // beyond it the inverse is subnormal: left to exp
  }
  if (x === 0 && !Number.isNaN(y)) return y > 0 ? 0 : Number.POSITIVE_INFINITY;
  return exp(y * log(x));
}

/** Sine. @param x in radians, |x| ≤ 10⁵ (beyond, the reduction loses digits) */
export const sin = (x: number): number => circular(x, 0);

/** Cosine. @param x in radians, |x| ≤ 10⁵ (beyond, the reduction loses digits) */
export const cos = (x: number): number => circular(x, 1);

function circular(x: number, quarter: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  const turns = Math.round(x / (Math.PI / 2));
  const r = x - turns * HALF_PI_HIGH - turns * HALF_PI_MIDDLE - turns * HALF_PI_LOW;
  const quadrant = (((turns + quarter) % 4) + 4) % 4;
  const even = quadrant % 2 === 1; // cosine series in the odd quadrants
  const square = r * r;
  let sum = 1;
  for (let n = even ? 18 : 19; n >= 2; n -= 2) sum = 1 - (square / (n * (n - 1))) * sum;
  const value = even ? sum : r * sum;
  return quadrant >= 2 ? -value : value;
}

function powerOfTwo(k: number): number {
  view.setUint32(0, (k + 1023) << 20);
  view.setUint32(4, 0);
  return view.getFloat64(0);
}
