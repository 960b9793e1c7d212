/**
 * A copy of plain data in which every typed array owns its buffer. Structured clone copies the whole buffer under a
 * view, and a vector in the kernels' memory is a view of a gigabyte.
 */

/** Views that show all of their buffer, views of shared memory, and what is no plain data stay as they are. */
export const compact = (value: unknown): unknown => copy(value, new Map());

/** The memory of a compact copy that can be given away, each piece once. */
export function memoryOf(value: unknown, found: Set<ArrayBuffer> = new Set()): Set<ArrayBuffer> {
  if (typeof value !== "object" || value === null) return found;
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength) found.add(value.buffer);
  } else {
    for (const item of value instanceof Map ? value.values() : Object.values(value)) memoryOf(item, found);
  }
  return found;
}

function copy(value: unknown, known: Map<object, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (known.has(value)) return known.get(value);
  if (ArrayBuffer.isView(value)) return remember(known, value, copyOfView(value));
  if (Array.isArray(value)) {
    const array: unknown[] = remember(known, value, []);
    for (const item of value) array.push(copy(item, known));
    return array;
  }
  if (value instanceof Map) {
    const map = remember(known, value, new Map<unknown, unknown>());
    for (const [key, item] of value) map.set(copy(key, known), copy(item, known));
    return map;
  }
  if (value instanceof Set) {
    const set = remember(known, value, new Set<unknown>());
    for (const item of value) set.add(copy(item, known));
    return set;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const object: Record<string, unknown> = remember(known, value, {});
  for (const [key, item] of Object.entries(value)) object[key] = copy(item, known);
  return object;
}

function copyOfView(view: ArrayBufferView): ArrayBufferView {
  const { buffer, byteOffset, byteLength } = view;
  if (!(buffer instanceof ArrayBuffer) || byteLength === buffer.byteLength) return view;
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
  // A view's constructor makes a view of its own kind; the type only says that it is some function.
  const View = view.constructor as new (bytes: ArrayBuffer) => ArrayBufferView;
  // A Node Buffer has no usable constructor; it crosses as a Uint8Array in any case.
  return view instanceof Uint8Array ? new Uint8Array(bytes) : new View(bytes);
}

function remember<T>(known: Map<object, unknown>, value: object, copied: T): T {
  known.set(value, copied);
  return copied;
}
