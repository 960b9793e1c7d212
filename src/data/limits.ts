/**
 * What a data file may ask for. Everything above is refused with a `DataError` before memory is taken for it.
 */
export const LIMITS = {
  /** Bytes of a file on disk. */
  fileBytes: 2_147_483_647,
  /** Bytes after gzip is taken off. */
  unpackedBytes: 2_147_483_647,
  /** Entries of a data set as dense f32: rows × columns, 1 GiB. */
  entries: 268_435_456,
  /** Rows of a text file. */
  rows: 33_554_432,
  /** Columns of a row; also the largest LIBSVM index. */
  columns: 1_048_576,
  /** Bytes of one row of a text file: more than all columns take with numbers of the greatest length. */
  recordBytes: 134_217_728,
  /** Distinct labels. */
  classes: 65_536,
  /** Dimensions of an IDX tensor. */
  dimensions: 8,
  /** Characters of one number. */
  numberLength: 64,
} as const;
