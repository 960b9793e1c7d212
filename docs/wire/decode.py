"""Reads the golden vectors of this folder with nothing but README.md and Python's standard library.

    python3 docs/wire/decode.py

It is written for clarity and not for speed, and it is no part of Thinwire: it shows that the description suffices.
"""

import json
import math
import struct
import sys
from pathlib import Path

HERE = Path(__file__).parent
MASK = 2**32 - 1


# Randomness


def philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        a, b = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (b >> 32) ^ c1 ^ k0, b & MASK, (a >> 32) ^ c3 ^ k1, a & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def split(key, name):
    text = name.encode()
    last = len(text) // 16
    for b in range(last + 1):
        block = text[16 * b : 16 * b + 16] + (b"\x80" if b == last else b"")
        key = philox(struct.unpack("<4I", block.ljust(16, b"\0")), key)[:2]
    return key


def from_seed(seed):
    return split((seed % 2**32, seed // 2**32), "thinwire")


def draw(key, i):
    x = (i + key[0]) & MASK
    x ^= x >> 17
    x = (x * 0xED5AD4BB + key[1]) & MASK
    x ^= x >> 11
    x = x * 0xAC4C1B51 & MASK
    x ^= x >> 15
    x = x * 0x31848BAB & MASK
    x ^= x >> 14
    return x ^ (i & MASK)


def uniform(key, i):
    return (draw(key, i) >> 8) * 2.0**-24


def f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def by_formula(length):
    key = split(from_seed(1), "x")
    ts = (sum(uniform(key, 4 * i + j) for j in range(4)) - 2 for i in range(length))
    return [f32(t * t * t) for t in ts]


# Bytes and bits


class Corrupt(Exception):
    pass


class Source:
    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, count):
        if count > len(self.data) - self.at:
            raise Corrupt("too short")
        self.at += count
        return self.data[self.at - count : self.at]

    def u8(self):
        return self.bytes(1)[0]

    def u32(self):
        return struct.unpack("<I", self.bytes(4))[0]

    def f32(self):
        value = struct.unpack("<f", self.bytes(4))[0]
        if not math.isfinite(value):
            raise Corrupt("not finite")
        return value

    def varint(self):
        value = 0
        for shift in range(0, 35, 7):
            byte = self.u8()
            value |= (byte & 127) << shift
            if byte < 128:
                if value > MASK or (byte == 0 and shift > 0):
                    break
                return value
        raise Corrupt("no varint")

    def fixed(self, count, width):
        """Values of `width` bits, least significant bit first."""
        whole = int.from_bytes(self.bytes((count * width + 7) // 8), "little")
        if whole >> (count * width):
            raise Corrupt("unused bits")
        return [whole >> (i * width) & (2**width - 1) for i in range(count)]

    def all(self):
        return self.bytes(len(self.data) - self.at)

    def end(self):
        if self.at != len(self.data):
            raise Corrupt("too long")


class Bits:
    """Elias and Rice codes: most significant bit first."""

    def __init__(self, source):
        self.source, self.byte, self.left = source, 0, 0

    def bit(self):
        if self.left == 0:
            self.byte, self.left = self.source.u8(), 8
        self.left -= 1
        return self.byte >> self.left & 1

    def take(self, width):
        value = 0
        for _ in range(width):
            value = 2 * value + self.bit()
        return value

    def omega(self):
        n = 1
        while self.bit():
            n = 1 << n | self.take(n)
        return n

    def finish(self):
        if self.byte & (2**self.left - 1):
            raise Corrupt("padding")


# Frames


def rotl(x, by):
    x &= MASK
    return (x << by | x >> (32 - by)) & MASK


P1, P2, P3, P4, P5 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1


def checksum(data, seed):
    lanes = [(seed + (j + 1) * P3) & MASK for j in range(16)]
    end = len(data) // 64 * 64
    for start in range(0, end, 64):
        words = struct.unpack_from("<16I", data, start)
        lanes = [rotl(lane + w * P2, 13) * P1 & MASK for lane, w in zip(lanes, words)]
    h = (seed + P5 + len(data)) & MASK
    for lane in lanes:
        h = (rotl(h ^ lane, 15) * P1 + P4) & MASK
    for byte in data[end:]:
        h = rotl(h + byte * P5, 11) * P1 & MASK
    h = (h ^ h >> 15) * P2 & MASK
    h = (h ^ h >> 13) * P3 & MASK
    return h ^ h >> 16


KINDS = {1: "up", 2: "down", 3: "state", 4: "control", 255: "test"}


def read_frame(data):
    version, kind, attempt, zero, epoch, sender, part, round_, length, sent = struct.unpack_from("<BBBBIHHIII", data)
    body = data[24:]
    if version != 1 or zero != 0 or kind not in KINDS or length != len(body):
        raise Corrupt("header")
    if sent != checksum(data[:20], checksum(body, 0)):
        raise Corrupt("checksum")
    header = {"kind": KINDS[kind], "attempt": attempt, "epoch": epoch, "sender": sender, "part": part, "round": round_}
    return header, body


# Positions


def rice_parameter(count, length):
    b, q = 0, (length - count) / length
    while q >= 0.6180339887498949 and b < 24:
        b, q = b + 1, q * q
    return b


def read_gaps(source, count, length):
    b, bits, found, next_ = rice_parameter(count, length), Bits(source), [], 0
    for _ in range(count):
        ones = 0
        while bits.bit():
            ones += 1
        position = next_ + (ones << b) + bits.take(b)
        if position >= length:
            raise Corrupt("position")
        found.append(position)
        next_ = position + 1
    bits.finish()
    return found


def read_positions(source, length):
    count = source.varint()
    if count > length:
        raise Corrupt("count")
    if count == 0 or count == length:
        return list(range(count))
    if 2 * count <= length:
        return read_gaps(source, count, length)
    absent = set(read_gaps(source, length - count, length))
    return [i for i in range(length) if i not in absent]


# Compressors: each takes the arguments of the spec, the source, the length and the key of the message.


class Arguments:
    def __init__(self, text):
        self.values, self.named = [], {}
        for part in separate(text):
            name, equals, value = part.partition("=")
            if equals and "(" not in name:
                self.named[name] = value
            else:
                self.values.append(part[1:-1] if part.startswith("(") else part)

    def get(self, name, otherwise):
        return self.named.get(name, otherwise)

    def number(self, name, otherwise):
        return int(self.named.get(name, otherwise))


def separate(text):
    """Cuts at commas outside parentheses."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return parts + [text[start:]] if text else []


def groups(args, length):
    """Lengths of the groups; a golden vector has no layout, so it is one tensor."""
    size = args.number("block", 4096) if args.get("per", "block" if "block" in args.named else "") == "block" else length
    return cut(length, size)


def cut(length, size):
    return [min(size, length - start) for start in range(0, length, size)]


def amount(text, length):
    return min(length, max(1, math.floor(float(text) * length + 0.5)) if "." in text or "e" in text else int(text))


def signed(bits, plus, minus):
    return [plus if bit else (-minus if minus else 0.0) for bit in bits]


def identity(_args, source, length, _key):
    return [source.f32() for _ in range(length)]


def sign(args, source, length, _key):
    packs = [source.fixed(n, 1) for n in groups(args, length)]
    out = []
    for pack in packs:
        scale = 1.0 if args.get("scale", "mean") == "none" else source.f32()
        out += signed(pack, scale, scale)
    return out


def one_bit(args, source, length, _key):
    packs = [source.fixed(n, 1) for n in groups(args, length)]
    out = []
    for pack in packs:
        plus, minus = source.f32(), source.f32()
        out += signed(pack, plus, minus)
    return out


def scattered(positions, values, length):
    out = [0.0] * length
    for position, value in zip(positions, values):
        out[position] = value + 0.0
    return out


def sparse(args, source, length, _key):
    positions = read_positions(source, length)
    return scattered(positions, [source.f32() for _ in positions], length)


def rand_k_positions(args, length, key):
    k, marked, i = amount((args.values or ["0.01"])[0], length), set(), 0
    while len(marked) < min(k, length - k):
        product = draw(key, i) * length
        if product % 2**32 >= 2**32 % length:
            marked.add(product >> 32)
        i += 1
    return [i for i in range(length) if (i in marked) == (2 * k <= length)]


def rand_k(args, source, length, key):
    positions = rand_k_positions(args, length, key)
    return scattered(positions, [source.f32() for _ in positions], length)


def random_positions(args, length, key):
    limit = math.ceil(float(args.get("p", "0.1")) * 2**32)
    return [i for i in range(length) if draw(key, i) < limit]


def random_sparsification(args, source, length, key):
    positions = random_positions(args, length, key)
    return scattered(positions, [source.f32() for _ in positions], length)


def fixed_levels(source, count, s):
    width = 1 + s.bit_length()
    levels = [v - (v >> (width - 1) << width) for v in source.fixed(count, width)]
    if any(abs(level) > s for level in levels):
        raise Corrupt("level")
    return levels


def sparse_levels(source, count, _s):
    levels, at, k = [0] * count, -1, source.varint()
    bits = Bits(source)
    for _ in range(k):
        at += bits.omega()
        minus = bits.bit()
        levels[at] = -bits.omega() if minus else bits.omega()
    bits.finish()
    return levels


def dense_levels(source, count, _s):
    levels, bits = [], Bits(source)
    for _ in range(count):
        level = bits.omega() - 1
        levels.append(-level if level and bits.bit() else level)
    bits.finish()
    return levels


def auto_levels(source, count, s):
    return [fixed_levels, sparse_levels, dense_levels][source.u8()](source, count, s)


CODES = {"fixed": fixed_levels, "sparse": sparse_levels, "dense": dense_levels, "auto": auto_levels}


def linear(source, length, s, bucket, code):
    steps = [source.f32() for _ in cut(length, bucket)]
    return [f32(level * steps[i // bucket]) + 0.0 for i, level in enumerate(CODES[code](source, length, s))]


def qsgd(args, source, length, _key):
    return linear(source, length, args.number("levels", 7), args.number("bucket", 512), args.get("code", "auto"))


def linear_dithering(args, source, length, _key):
    return linear(source, length, args.number("levels", 7), length, "fixed")


def terngrad(args, source, length, _key):
    sizes = groups(args, length)
    scales = [source.f32() for _ in sizes]
    trits = [byte // 3**j % 3 - 1 for byte in source.bytes((length + 4) // 5) for j in range(5)]
    each = (scale for scale, size in zip(scales, sizes) for _ in range(size))
    return [t * scale + 0.0 for t, scale in zip(trits, each)]


def powers(source, length, s, base):
    norm = source.f32()
    values = [0.0] + [f32(norm * f32(base ** (j - s))) for j in range(1, s + 1)]
    return [0.0 - values[-v] if v < 0 else values[v] for v in fixed_levels(source, length, s)]


def natural_dithering(args, source, length, _key):
    return powers(source, length, args.number("levels", 4), 2.0)


def exponential_dithering(args, source, length, _key):
    return powers(source, length, args.number("levels", 6), float(args.get("base", "1.5")))


def float16(_args, source, length, _key):
    return [value + 0.0 for value in struct.unpack(f"<{length}e", source.bytes(2 * length))]


def bfloat16(_args, source, length, _key):
    words = struct.unpack(f"<{length}H", source.bytes(2 * length))
    return [struct.unpack("<f", struct.pack("<I", word << 16))[0] + 0.0 for word in words]


LARGEST = 2.0**128 - 2.0**104


def natural(_args, source, length, _key):
    exponents, minus = source.bytes(length), source.fixed(length, 1)
    magnitudes = [0.0 if e == 0 else LARGEST if e == 255 else 2.0 ** (e - 127) for e in exponents]
    return [-m if bit and m else m for m, bit in zip(magnitudes, minus)]


def exponential_rounding(args, source, length, key):
    base = float(args.get("base", "2"))
    if base == 2:
        return natural(args, source, length, key)
    levels, power = [1.0], 1 / base
    while f32(power) >= 2.0**-126:
        levels.insert(0, f32(power))
        power /= base
    power = base
    while power < 2.0**127 or f32(power) < LARGEST:
        levels.append(f32(power))
        power *= base
        if power > LARGEST:
            break
    levels = [0.0] + levels + [LARGEST]
    numbers = source.fixed(length, (len(levels) - 1).bit_length())
    minus = source.fixed(length, 1)
    return [-levels[n] if bit and n else levels[n] for n, bit in zip(numbers, minus)]


def stc(args, source, length, _key):
    out = []
    for n in groups(args, length):
        positions = read_positions(source, n)
        mu = source.f32() if positions else 0.0
        out += scattered(positions, signed(source.fixed(len(positions), 1), mu, mu), n)
    return out


def sparse_loco(args, source, length, _key):
    out = []
    for n in cut(length, args.number("chunk", 4096)):
        positions = read_positions(source, n)
        levels = (source.f32(), source.f32()) if positions else ()
        symbols = source.fixed(len(positions), 2)
        out += scattered(positions, [levels[v >> 1] * (1 if v & 1 else -1) for v in symbols], n)
    return out


def grid_point(code, step, low, levels):
    if levels * step + abs(low) > 2.0**127:
        return f32(max(-LARGEST, min(LARGEST, low + code * step))) + 0.0
    return f32(f32(code * step) + low) + 0.0


def affine(source, length, bits, bucket):
    out = []
    for n in cut(length, bucket):
        step, low = source.f32(), source.f32()
        out += [grid_point(code, step, low, 2**bits - 1) for code in source.fixed(n, bits)]
    return out


def blockwise(args, source, length, _key):
    bits = args.number("bits", 8)
    block, kind, out = args.number("block", 256 if bits == 8 else 64), args.get("range", "symmetric"), []
    if kind == "affine":
        return affine(source, length, bits, block)
    for n in cut(length, block):
        if kind == "symmetric":
            step, m = source.f32(), 2 ** (bits - 1) - 1
            out += [grid_point(code - m, step, 0.0, m) for code in source.fixed(n, bits)]
        else:
            low, high = source.f32(), source.f32()
            v = 255 / (high - low + 1e-7)
            values = [(q + round(high * v) - 255) / v for q in source.bytes(n)]
            out += [f32(max(-LARGEST, min(LARGEST, value))) + 0.0 for value in values]
    return out


def cgx(args, source, length, key):
    if length < 16:
        return identity(args, source, length, key)
    return affine(source, length, args.number("bits", 4), args.number("bucket", 1024))


def induced(args, source, length, key):
    first, second = args.values
    rest = split(key, "then")
    name, arguments = name_and_arguments(first)
    if name not in POSITIONS:
        one = decode(first, source.bytes(source.varint()), length, key)
        return [f32(a + b) for a, b in zip(one, decode(second, source.all(), length, rest))]
    positions = POSITIONS[name](arguments, source, length, key)
    kept = {position: source.f32() for position in positions}
    others = iter(decode(second, source.all(), length - len(kept), rest))
    return [kept[i] + 0.0 if i in kept else next(others) for i in range(length)]


def adaptive(args, source, length, key):
    family, notch = (args.values or ["top-k"])[0], source.u8()
    if family != "qsgd":
        return decode(family, source.all(), length, key)
    bits = args.number("min", 2) + notch
    return decode(f"qsgd:levels={2 ** (bits - 1) - 1},bucket=512,code=fixed", source.all(), length, key)


# Positions alone, of the compressors that keep some entries.
POSITIONS = {
    "top-k": lambda _args, source, length, _key: read_positions(source, length),
    "threshold": lambda _args, source, length, _key: read_positions(source, length),
    "adaptive-random-sparsification": lambda _args, source, length, _key: read_positions(source, length),
    "rand-k": lambda args, _source, length, key: rand_k_positions(args, length, key),
    "biased-random-sparsification": lambda args, _source, length, key: random_positions(args, length, key),
}


def qsgd_omega(args, length):
    s, n = args.number("levels", 7), min(length, args.number("bucket", 512))
    return min(n / (4 * s**2), math.sqrt(n) / s)


OMEGA = {"natural": lambda _args, _length: 1 / 8, "qsgd": qsgd_omega}


def values_after(first, second, source, length, key):
    """a+b, where a keeps some entries."""
    name, args = name_and_arguments(first)
    positions = POSITIONS[name](args, source, length, key)
    values = decode(second, source.all(), len(positions), split(key, "then"))
    then, arguments = name_and_arguments(second)
    if then in OMEGA and (name != "rand-k" or args.get("scale", "") == "none"):
        scale = f32(1 / (1 + OMEGA[then](arguments, amount((args.values or ["0.01"])[0], length))))
        values = [f32(value * scale) for value in values]
    return scattered(positions, values, length)


class RangeDecoder:
    def __init__(self, data):
        self.data, self.at, self.range, self.code = data, 4, MASK, int.from_bytes(data[:4], "big")
        self.contexts = {}

    def bit(self, context):
        p, n = self.contexts.get(context, (2**25, 0))
        bound = self.range * (p >> 10) >> 16
        bit = int(self.code >= bound)
        if bit:
            self.code -= bound
            self.range -= bound
        else:
            self.range = bound
        s = min(11, (n + 2).bit_length() - 1)
        self.contexts[context] = (p - (p >> s) if bit else p + ((2**26 - p) >> s), n + 1)
        while self.range < 2**24:
            self.range <<= 8
            self.code = self.code << 8 | self.data[self.at]
            self.at += 1
        return bit

    def symbol(self, width):
        node = 1
        for _ in range(width):
            node = 2 * node + self.bit((width, node))
        return node - 2**width

    def end(self):
        if self.code != 0 or self.at != len(self.data):
            raise Corrupt("range coder")


def entropy(spec, source, length, key):
    """The compressor's own message, put together again."""
    if source.u8() == 0:
        return decode(spec, source.all(), length, key)
    name, args = name_and_arguments(spec)
    # Bytes that are kept, or (symbols, width).
    if name == "natural":
        sections = [(length, 8), (length + 7) // 8]
    elif name == "terngrad":
        sections = [4 * len(groups(args, length)), ((length + 4) // 5, 8)]
    elif name == "qsgd":
        sections = [4 * len(cut(length, args.number("bucket", 512))), (length, 1 + args.number("levels", 7).bit_length())]
    else:
        sections = [part for n in cut(length, args.number("bucket", 1024)) for part in (8, (n, args.number("bits", 4)))]
    kept = Source(source.bytes(sum(section for section in sections if isinstance(section, int))))
    coder, message = RangeDecoder(source.all()), b""
    for section in sections:
        if isinstance(section, int):
            message += kept.bytes(section)
        else:
            count, width = section
            pack = sum(coder.symbol(width) << (i * width) for i in range(count))
            message += pack.to_bytes((count * width + 7) // 8, "little")
    coder.end()
    return decode(spec, message, length, key)


DECODERS = {
    "identity": identity,
    "sign": sign,
    "one-bit": one_bit,
    "top-k": sparse,
    "threshold": sparse,
    "adaptive-random-sparsification": sparse,
    "rand-k": rand_k,
    "biased-random-sparsification": random_sparsification,
    "qsgd": qsgd,
    "linear-dithering": linear_dithering,
    "terngrad": terngrad,
    "natural-dithering": natural_dithering,
    "exponential-dithering": exponential_dithering,
    "float16": float16,
    "bfloat16": bfloat16,
    "natural": natural,
    "exponential-rounding": exponential_rounding,
    "biased-exponential-rounding": exponential_rounding,
    "stc": stc,
    "sparse-loco": sparse_loco,
    "blockwise": blockwise,
    "cgx": cgx,
    "induced": induced,
    "adaptive": adaptive,
}


def name_and_arguments(spec):
    name, _, arguments = spec.partition(":")
    return name, Arguments(arguments)


def decode(spec, message, length, key):
    if length == 0:
        return []
    source = Source(message)
    first, plus, second = spec.partition("+")
    name, args = name_and_arguments(spec)
    if spec.endswith("entropy=range"):
        out = entropy(spec[: -len(",entropy=range")], source, length, key)
    elif plus and name in POSITIONS:
        out = values_after(first, second, source, length, key)
    elif plus and name != "induced":
        out = decode(second, source.all(), length, split(key, "then"))
    else:
        out = DECODERS[name](args, source, length, key)
    source.end()
    return out


# The vectors


def same(a, b):
    """Bit for bit, the sign of zero too."""
    return struct.pack(f"<{len(a)}f", *a) == struct.pack(f"<{len(b)}f", *b)


def check_vectors(vectors):
    for v in vectors:
        what = f"{v['spec']} of {v['input']}"
        key = split(from_seed(v["seed"]), v["name"])
        assert list(key) == v["key"], f"{what}: key"
        out = decode(v["spec"], bytes.fromhex(v["hex"]), v["length"], key)
        assert same(out, v["decoded"]), f"{what}: {out} is not {v['decoded']}"
        if v["spec"] == "identity":
            assert same(out, v.get("x", by_formula(v["length"]))), f"{what}: input"
    return len(vectors)


def check_frames(frames):
    for f in frames:
        header, body = read_frame(bytes.fromhex(f["hex"]))
        assert all(f[field] == value for field, value in header.items()), f"{f} is not {header}"
        assert body.hex() == f["body"]
    return len(frames)


def main():
    print(f"frame: {check_frames(json.loads((HERE / 'frame.json').read_text())['frames'])} agree")
    for path in sorted(HERE.glob("*.json")):
        if path.stem != "frame":
            print(f"{path.stem}: {check_vectors(json.loads(path.read_text())['vectors'])} agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
