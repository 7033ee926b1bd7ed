#!/usr/bin/env python3
"""
The oracle of time-based knock sequences: writes timed.json next to itself.

Written from docs/knock-sequences.md, RFC 2104 and RFC 5869 alone; it shares no code with the TypeScript it judges, and
needs the standard library only. Secrets come from SHA-256 of a vector's name, so that a run always writes the same bytes.

    python3 test/vectors/knock/generate.py            write the file
    python3 test/vectors/knock/generate.py --check    exit 1 if the file differs from what would be written
"""
import base64
import hashlib
import hmac
import json
import os
import sys

DEFAULT = (4, 10000, 59999)
FIRST_MINUTE_OF_2026 = 29453760


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def hkdf(secret, salt, info, length):
    prk = mac(salt or bytes(32), secret)
    okm = block = b""
    counter = 1
    while len(okm) < length:
        block = mac(prk, block + info + bytes([counter]))
        okm += block
        counter += 1
    return okm[:length]


def self_check():
    """RFC 5869, test case 1, and RFC 4231, test case 2."""
    okm = hkdf(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA)), 42)
    assert okm.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    assert mac(b"Jefe", b"what do ya want for nothing?").hex() == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


def key_of(secret, name):
    return hkdf(secret, b"", b"spad knock1" + b"\x00" + name.encode("utf-8"), 32)


def stream(key, window):
    """The words W[0], W[1], ... of one minute."""
    block = 0
    while True:
        data = mac(key, window.to_bytes(8, "big") + block.to_bytes(4, "big"))
        for at in range(0, 32, 4):
            yield int.from_bytes(data[at : at + 4], "big")
        block += 1


def sequence(key, window, count, low, high):
    size = high - low + 1
    whole = (2**31 // size) * size
    steps, seen, skipped = [], set(), 0
    for word in stream(key, window):
        top, value = divmod(word, 2**31)
        port = low + value % size
        if value >= whole or port in seen:
            skipped += 1
            continue
        seen.add(port)
        steps.append(f"{port}:{'udp' if top else 'tcp'}")
        if len(steps) == count:
            return steps, skipped


def vector(title, name="front door", window=FIRST_MINUTE_OF_2026, shape=DEFAULT, secret_of=None):
    secret = hashlib.sha256(("spad knock vector: " + (secret_of or title)).encode()).digest()
    key = key_of(secret, name)
    count, low, high = shape
    steps, skipped = sequence(key, window, count, low, high)
    return {
        "title": title,
        "secret": base64.b64encode(secret).decode(),
        "name": name,
        "window": window,
        "count": count,
        "low": low,
        "high": high,
        "key": key.hex(),
        "skipped": skipped,
        "steps": steps,
    }


def vectors():
    one = "one secret"
    made = [
        vector("defaults", secret_of=one),
        vector("the minute before", window=FIRST_MINUTE_OF_2026 - 1, secret_of=one),
        vector("the minute after", window=FIRST_MINUTE_OF_2026 + 1, secret_of=one),
        vector("another door of the same secret", name="back door", secret_of=one),
        vector("another secret"),
        vector("a name beyond ASCII", name="Tür ☃"),
        vector("the longest name", name="n" * 64),
        vector("one knock", shape=(1, 10000, 59999)),
        vector("the longest sequence", shape=(32, 10000, 59999)),
        vector("all ports there are", shape=(8, 1, 65535)),
        vector("a range that is a power of two", shape=(8, 32768, 65535)),
        vector("as many ports as knocks, so that many words repeat one", shape=(8, 7001, 7008)),
        vector("thirty-two of thirty-two", shape=(32, 1, 32)),
        vector("one port only", shape=(1, 443, 443)),
        vector("the first minute of all", window=0),
        vector("a minute beyond 32 bits", window=2**32 + 1),
    ]
    # Rare with real ranges (below one word in 40 000): sought, so that the bias rule is held to a case.
    return [*made, beyond_the_last_multiple()]


def beyond_the_last_multiple():
    shape = (4, 1, 65535)
    size = shape[2]
    whole = (2**31 // size) * size
    secret = hashlib.sha256(b"spad knock vector: a word beyond the last whole multiple").digest()
    key = key_of(secret, "front door")
    window = FIRST_MINUTE_OF_2026
    while True:
        words = stream(key, window)
        if any(next(words) % 2**31 >= whole for _ in range(3)):
            return vector("a word beyond the last whole multiple", window=window, shape=shape)
        window += 1


def main(arguments):
    self_check()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "timed.json")
    made = json.dumps({"vectors": vectors()}, indent=2) + "\n"
    if "--check" in arguments:
        with open(path, encoding="utf-8") as file:
            same = file.read() == made
        print("timed.json is up to date" if same else "timed.json differs")
        return 0 if same else 1
    with open(path, "w", encoding="utf-8") as file:
        file.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
