/**
 * Moments over many rows from moments over some of them.
 */

/** Rows that moments are taken from: enough for three digits, few enough to cost less than the metrics do. */
const MOST_ROWS = 1024;

/**
 * Pooled mean Σ n_k m_k / Σ n_k and variance Σ n_k (v_k + m_k²) / Σ n_k − mean², over rows spread evenly through the data.
 * @param atOnce rows of a part
 * @param measure gives mean and variance of each place that asks for them, on `rows` rows from `first` on
 */
export async function momentsOver(
  all: number,
  atOnce: number,
  measure: (first: number, rows: number) => Promise<readonly Float32Array[]>,
): Promise<Float32Array[]> {
  const rows = Math.min(all, atOnce, MOST_ROWS);
  const parts = Math.min(Math.ceil(all / rows), Math.floor(MOST_ROWS / rows));
  const measured: { weight: number; moments: readonly Float32Array[] }[] = [];
  for (let part = 0; part < parts; part++) {
    const first = all <= parts * rows ? part * rows : Math.floor((part * (all - rows)) / (parts - 1));
    const weight = Math.min(rows, all - first);
    measured.push({ weight, moments: await measure(first, weight) });
  }
  return pooledMoments(measured);
}

/** @param measured mean, variance, mean, variance, … of each part, and how many rows it has */
export function pooledMoments(
  measured: readonly { readonly weight: number; readonly moments: readonly Float32Array[] }[],
): Float32Array[] {
  const [{ moments: places } = { moments: [] }] = measured;
  const total = measured.reduce((sum, { weight }) => sum + weight, 0);
  return places.map((array, place) => {
    const isMean = place % 2 === 0;
    return array.map((_, i) => {
      let [mean, squares] = [0, 0];
      for (const { weight, moments } of measured) {
        const m = moments[isMean ? place : place - 1]?.[i] ?? 0;
        mean += (weight * m) / total;
        if (!isMean) squares += (weight * ((moments[place]?.[i] ?? 0) + m * m)) / total;
      }
      return isMean ? mean : Math.max(0, squares - mean * mean);
    });
  });
}
