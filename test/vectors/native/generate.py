#!/usr/bin/env python3
"""
The oracle of packet format spa1: writes good.json, bad.json, codes.json and replies.json next to itself.

Written from docs/native-packet.md, RFC 8439 (ChaCha20, Poly1305), draft-irtf-cfrg-xchacha-03 (HChaCha20, XChaCha20)
and RFC 5869 (HKDF) alone; it shares no code with the TypeScript it judges, and needs the standard library only.
Secrets and nonces come from SHA-256 of a vector's name, so that a run always writes the same bytes.

    python3 test/vectors/native/generate.py            write the files
    python3 test/vectors/native/generate.py --check    exit 1 if the files differ from what would be written
"""
import base64
import hashlib
import hmac
import ipaddress
import json
import os
import struct
import sys

MAX_AGE = 120_000
WINDOW = 60_000
SIZES = (96, 352, 1120)
OPEN, CLOSE, COMMAND = 1, 2, 3
TYPES = {OPEN: "open", CLOSE: "close", COMMAND: "command"}
PROTOCOLS = {6: "tcp", 17: "udp"}
NUMBERS = {"tcp": 6, "udp": 17}

# --- primitives -------------------------------------------------------------------------------------------------


def rotl(value, bits):
    return ((value << bits) & 0xFFFFFFFF) | (value >> (32 - bits))


def quarter_round(s, a, b, c, d):
    s[a] = (s[a] + s[b]) & 0xFFFFFFFF
    s[d] = rotl(s[d] ^ s[a], 16)
    s[c] = (s[c] + s[d]) & 0xFFFFFFFF
    s[b] = rotl(s[b] ^ s[c], 12)
    s[a] = (s[a] + s[b]) & 0xFFFFFFFF
    s[d] = rotl(s[d] ^ s[a], 8)
    s[c] = (s[c] + s[d]) & 0xFFFFFFFF
    s[b] = rotl(s[b] ^ s[c], 7)


def twenty_rounds(state):
    s = list(state)
    for _ in range(10):
        quarter_round(s, 0, 4, 8, 12)
        quarter_round(s, 1, 5, 9, 13)
        quarter_round(s, 2, 6, 10, 14)
        quarter_round(s, 3, 7, 11, 15)
        quarter_round(s, 0, 5, 10, 15)
        quarter_round(s, 1, 6, 11, 12)
        quarter_round(s, 2, 7, 8, 13)
        quarter_round(s, 3, 4, 9, 14)
    return s


CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")


def chacha20_block(key, counter, nonce):
    state = [*CONSTANTS, *struct.unpack("<8I", key), counter, *struct.unpack("<3I", nonce)]
    mixed = twenty_rounds(state)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(state, mixed)))


def chacha20(key, counter, nonce, data):
    out = bytearray()
    for index in range(0, len(data), 64):
        stream = chacha20_block(key, counter + index // 64, nonce)
        out += bytes(a ^ b for a, b in zip(data[index : index + 64], stream))
    return bytes(out)


def hchacha20(key, nonce16):
    s = twenty_rounds([*CONSTANTS, *struct.unpack("<8I", key), *struct.unpack("<4I", nonce16)])
    return struct.pack("<8I", *s[0:4], *s[12:16])


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    s = int.from_bytes(key[16:], "little")
    accumulator = 0
    for index in range(0, len(message), 16):
        block = message[index : index + 16] + b"\x01"
        accumulator = (accumulator + int.from_bytes(block, "little")) * r % ((1 << 130) - 5)
    return ((accumulator + s) & ((1 << 128) - 1)).to_bytes(16, "little")


def pad16(data):
    return bytes(-len(data) % 16)


def aead_tag(key, nonce, aad, ciphertext):
    one_time = chacha20_block(key, 0, nonce)[:32]
    lengths = struct.pack("<QQ", len(aad), len(ciphertext))
    return poly1305(one_time, aad + pad16(aad) + ciphertext + pad16(ciphertext) + lengths)


def aead_seal(key, nonce, aad, plaintext):
    ciphertext = chacha20(key, 1, nonce, plaintext)
    return ciphertext + aead_tag(key, nonce, aad, ciphertext)


def xaead_seal(key, nonce, aad, plaintext):
    return aead_seal(hchacha20(key, nonce[:16]), bytes(4) + nonce[16:], aad, plaintext)


def xaead_open(key, nonce, aad, box):
    subkey, inner = hchacha20(key, nonce[:16]), bytes(4) + nonce[16:]
    if aead_tag(subkey, inner, aad, box[:-16]) != box[-16:]:
        return None
    return chacha20(subkey, 1, inner, box[:-16])


def hmac256(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def hkdf(secret, salt, info, length):
    prk = hmac256(salt or bytes(32), secret)
    out, block, counter = b"", b"", 1
    while len(out) < length:
        block = hmac256(prk, block + info + bytes([counter]))
        out, counter = out + block, counter + 1
    return out[:length]


def self_check():
    """Published test vectors: a wrong primitive must not become a wrong standard."""
    unhex = bytes.fromhex
    key = bytes(range(32))
    block = chacha20_block(key, 1, unhex("000000090000004a00000000"))  # RFC 8439, 2.3.2
    assert block.hex() == (
        "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
        "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e"
    )
    sunscreen = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
    )
    text = chacha20(key, 1, unhex("000000000000004a00000000"), sunscreen)  # RFC 8439, 2.4.2
    assert text.hex().startswith("6e2e359a2568f98041ba0728dd0d6981") and text.hex().endswith("5af90bbf74a35be6b40b8eedf2785e42874d")
    tag = poly1305(  # RFC 8439, 2.5.2
        unhex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b"), b"Cryptographic Forum Research Group"
    )
    assert tag.hex() == "a8061dc1305136c6c22b8baf0c0127a9"
    seal_key, aad = bytes(range(0x80, 0xA0)), unhex("50515253c0c1c2c3c4c5c6c7")
    box = aead_seal(seal_key, unhex("070000004041424344454647"), aad, sunscreen)  # RFC 8439, 2.8.2
    assert box.hex().startswith("d31a8d34648e60db7b86afbc53ef7ec2") and box[-16:].hex() == "1ae10b594f09e26a7e902ecbd0600691"
    derived = hchacha20(key, unhex("000000090000004a0000000031415927"))  # draft-irtf-cfrg-xchacha-03, 2.2.1
    assert derived.hex() == "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
    box = xaead_seal(seal_key, bytes(range(0x40, 0x58)), aad, sunscreen)  # the same, A.3.1
    assert box.hex().startswith("bd6d179d3e83d43b9576579493c0e939") and box[-16:].hex() == "c0875924c1c7987947deafd8780acf49"
    assert xaead_open(seal_key, bytes(range(0x40, 0x58)), aad, box) == sunscreen
    okm = hkdf(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA)), 42)  # RFC 5869, A.1
    assert okm.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    okm = hkdf(b"\x0b" * 22, b"", b"", 42)  # RFC 5869, A.3
    assert okm.hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"


# --- keys and datagram ------------------------------------------------------------------------------------------


def derive(secret, server, label):
    return hkdf(secret, b"", b"spa1 " + label.encode() + b"\x00" + server.encode(), 32)


def hint_of(secret, server, time_ms):
    return hmac256(derive(secret, server, "hint"), struct.pack(">Q", time_ms // WINDOW))[:8]


def add_mac(secret, server, front):
    return front + hmac256(derive(secret, server, "mac"), front)


def datagram_of(secret, server, hint, nonce, body):
    box = xaead_seal(derive(secret, server, "seal"), nonce, b"spa1" + hint, body)
    return add_mac(secret, server, hint + nonce + box)


def secret_of(name):
    return hashlib.sha256(b"spa1 vector secret " + name.encode()).digest()


def nonce_of(name):
    return hashlib.sha256(b"spa1 vector nonce " + name.encode()).digest()[:24]


def bytes_of(name, length):
    return hashlib.shake_256(b"spa1 vector bytes " + name.encode()).digest(length)


# --- body: raw pieces, which can be as wrong as a test wants ----------------------------------------------------


def u16(value):
    return struct.pack(">H", value)


def raw_address(text):
    """`192.0.2.1/32`, taken as it stands: host bits, order and prefix are not looked at."""
    address, _, prefix = text.partition("/")
    packed = ipaddress.ip_address(address).packed
    return bytes([4 if len(packed) == 4 else 6, int(prefix)]) + packed


def raw_port(text):
    protocol, _, span = text.partition("/")
    first, _, last = span.partition("-")
    return bytes([NUMBERS[protocol]]) + u16(int(first)) + u16(int(last or first))


def raw_list(entries, encode):
    return bytes([len(entries)]) + b"".join(encode(entry) for entry in entries)


def raw_forward(forward):
    if forward is None:
        return b"\x00"
    if forward["kind"] == "local":
        return b"\x02" + u16(forward["port"])
    packed = ipaddress.ip_address(forward["address"]).packed
    return bytes([1, 4 if len(packed) == 4 else 6]) + packed + u16(forward["port"])


def raw_command(text):
    data = text if isinstance(text, bytes) else text.encode()
    return u16(len(data)) + data


def fields_of(time, kind=OPEN, version=1, open_for=0, flags=0, addresses=(), ports=(), forward=None, command=""):
    """All fields before the padding. A piece given as bytes is taken as it is."""
    return b"".join(
        [
            bytes([version, kind]),
            struct.pack(">QIB", time, open_for, flags),
            addresses if isinstance(addresses, bytes) else raw_list(addresses, raw_address),
            ports if isinstance(ports, bytes) else raw_list(ports, raw_port),
            forward if isinstance(forward, bytes) else raw_forward(forward),
            raw_command(command),
        ]
    )


def pad(fields, size=None):
    size = size or next(size for size in SIZES if len(fields) <= size)
    return fields + bytes(size - len(fields))


# --- the judge: what a server says to a datagram ----------------------------------------------------------------


class Rejected(Exception):
    pass


def refuse(tag, condition=True):
    if condition:
        raise Rejected(tag)


class Body:
    def __init__(self, data):
        self.data, self.at, self.over = data, 0, False

    def take(self, length):
        piece = self.data[self.at : self.at + length]
        self.over = self.over or len(piece) < length
        self.at += length
        return piece.ljust(length, b"\x00")

    def number(self, length):
        return int.from_bytes(self.take(length), "big")

    def whole(self):
        """A field that runs past the end is truncated-body, whatever else is wrong with it."""
        refuse("truncated-body", self.over)


def is_mapped(packed):
    return len(packed) == 16 and packed[:12] == bytes(10) + b"\xff\xff"


def host_bits(packed, prefix):
    bits = len(packed) * 8
    return int.from_bytes(packed, "big") & ((1 << (bits - prefix)) - 1)


def judge_addresses(body):
    count = body.number(1)
    body.whole()
    refuse("bad-address", count > 2)
    entries = []
    for _ in range(count):
        family = body.number(1)
        refuse("bad-address", not body.over and family not in (4, 6))
        entries.append((family, body.number(1), body.take(4 if family == 4 else 16)))
    body.whole()
    for family, prefix, packed in entries:
        bits = 32 if family == 4 else 128
        refuse("bad-address", prefix > bits or host_bits(packed, prefix) != 0)
        refuse("bad-address", prefix == bits and packed == bytes(len(packed)))
        refuse("bad-address", is_mapped(packed))
    order = [(family, packed, prefix) for family, prefix, packed in entries]
    refuse("bad-address", any(a >= b for a, b in zip(order, order[1:])))
    return [f"{ipaddress.ip_address(packed)}/{prefix}" for _, prefix, packed in entries]


def judge_ports(body):
    count = body.number(1)
    body.whole()
    refuse("bad-ports", count > 16)
    entries = [(body.number(1), body.number(2), body.number(2)) for _ in range(count)]
    body.whole()
    refuse("bad-ports", any(p not in PROTOCOLS or not 1 <= first <= last for p, first, last in entries))
    for (p, first, last), (q, next_first, _) in zip(entries, entries[1:]):
        refuse("bad-ports", q < p or (q == p and next_first <= last + 1))
    return [f"{PROTOCOLS[p]}/{first}" + (f"-{last}" if last > first else "") for p, first, last in entries]


def judge_forward(body):
    kind = body.number(1)
    body.whole()
    refuse("bad-forward", kind > 2)
    if kind == 0:
        return None
    if kind == 2:
        port = body.number(2)
        body.whole()
        refuse("bad-forward", port == 0)
        return {"kind": "local", "port": port}
    family = body.number(1)
    body.whole()
    refuse("bad-forward", family not in (4, 6))
    packed, port = body.take(4 if family == 4 else 16), body.number(2)
    body.whole()
    refuse("bad-forward", packed == bytes(len(packed)) or is_mapped(packed) or port == 0)
    return {"kind": "address", "address": str(ipaddress.ip_address(packed)), "port": port}


def judge_command(body, kind):
    text = body.take(body.number(2))
    body.whole()
    refuse("bad-command", (kind == COMMAND) != (len(text) > 0))
    try:
        command = text.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise Rejected("bad-command") from None
    refuse("bad-command", any(ord(char) < 0x20 or ord(char) == 0x7F for char in command))
    return command


def judge_body(data):
    body = Body(data)
    refuse("bad-version", body.number(1) != 1)
    kind = body.number(1)
    refuse("unknown-type", kind not in TYPES)
    time = body.number(8)
    refuse("bad-time", time > 2**53 - 1)
    open_for = body.number(4)
    flags = body.number(1)
    refuse("unknown-flags", flags & ~1)
    request = {"type": TYPES[kind], "timeMs": time, "openFor": open_for, "reply": flags == 1}
    request["addresses"] = judge_addresses(body)
    request["ports"] = judge_ports(body)
    request["forward"] = judge_forward(body)
    request["command"] = judge_command(body, kind)
    refuse("nonzero-padding", any(data[body.at :]))
    refuse("oversized-body", any(body.at <= size < len(data) for size in SIZES))
    return request


def code_nonce(secret, server, body):
    return hmac256(derive(secret, server, "code"), body)[:24]


def judge(secret, server, now, datagram, codes=None, used=()):
    """
    The request in a datagram, or Rejected: gate, unsealing, then freshness, or for an emergency code its number, in that order.
    `codes` is the first and the last number that the client has; `used` are those used before.
    """
    refuse("wrong-size", len(datagram) not in (176, 432, 1200))
    hint, nonce, box, mac = datagram[:8], datagram[8:32], datagram[32:-32], datagram[-32:]
    windows = [*range(max(0, now - MAX_AGE) // WINDOW, (now + MAX_AGE) // WINDOW + 1)] + ([0] if codes else [])
    refuse("unknown-hint", all(hint != hint_of(secret, server, window * WINDOW) for window in windows))
    refuse("bad-mac", not hmac.compare_digest(mac, hmac256(derive(secret, server, "mac"), datagram[:-32])))
    body = xaead_open(derive(secret, server, "seal"), nonce, b"spa1" + hint, box)
    refuse("unsealing-failed", body is None)
    request = judge_body(body)
    number = request["timeMs"]
    if len(body) == 96 and 1 <= number <= 59_999 and nonce == code_nonce(secret, server, body):
        first, last = codes or (1, 0)
        refuse("code-unknown", not first <= number <= last)
        refuse("code-used", number in used)
        return request
    refuse("stale", now - request["timeMs"] > MAX_AGE)
    refuse("future", request["timeMs"] - now > MAX_AGE)
    return request


# --- good vectors -----------------------------------------------------------------------------------------------

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z, the first millisecond of a window
NOW = START + 30_000
SERVER = "gate.example.net"
good = []
names = set()


def unique(name):
    assert name not in names, name
    names.add(name)


def add_good(name, time=NOW - 1_234, now=NOW, server=SERVER, secret=None, size=None, kind=OPEN, reply=False, **request):
    unique(name)
    secret, nonce = secret or secret_of(name), nonce_of(name)
    fields = fields_of(time, kind=kind, flags=int(reply), **request)
    body = pad(fields)
    assert size in (None, len(body)), (name, len(fields))
    datagram = datagram_of(secret, server, hint_of(secret, server, time), nonce, body)
    expected = {
        "type": TYPES[kind],
        "timeMs": time,
        "openFor": request.get("open_for", 0),
        "reply": reply,
        "addresses": list(request.get("addresses", ())),
        "ports": list(request.get("ports", ())),
        "forward": request.get("forward"),
        "command": request.get("command", ""),
    }
    assert judge(secret, server, now, datagram) == expected, name
    good.append(
        {
            "name": name,
            "secret": base64.b64encode(secret).decode(),
            "server": server,
            "nowMs": now,
            **{f"{label}Key": derive(secret, server, label).hex() for label in ("hint", "mac", "seal", "reply")},
            "nonce": nonce.hex(),
            "body": body.hex(),
            "datagram": datagram.hex(),
            "replayKey": datagram[-32:-16].hex(),
            "request": expected,
        }
    )


def to(address, port):
    return {"kind": "address", "address": address, "port": port}


def local(port):
    return {"kind": "local", "port": port}


def make_good():
    sixteen = [f"tcp/{port}" for port in range(1000, 1016, 2)] + [f"udp/{port}" for port in range(2000, 2016, 2)]
    many = [f"tcp/{port}" for port in range(7000, 7026, 2)]  # 13 ports, none next to another
    v6, v6_other = "2001:db8::1/128", "2001:db8:0:1::/64"

    add_good("open-ssh-for-one-address", addresses=["192.0.2.1/32"], ports=["tcp/22"], open_for=30)
    add_good("open-all-defaults")
    add_good("open-reply-wanted", reply=True)
    add_good("open-for-one-second", open_for=1)
    add_good("open-for-longest", open_for=0xFFFFFFFF)

    add_good("address-v6", addresses=[v6], ports=["tcp/22"])
    add_good("address-both-families", addresses=["198.51.100.7/32", v6])
    add_good("address-two-v4", addresses=["192.0.2.1/32", "192.0.2.2/32"])
    add_good("address-two-v6", addresses=["2001:db8::/64", v6_other])
    add_good("address-v4-prefix-0", addresses=["0.0.0.0/0"])
    add_good("address-v6-prefix-0", addresses=["::/0"])
    add_good("address-v4-prefix-24", addresses=["203.0.113.0/24"])
    add_good("address-v4-prefix-31-of-zero", addresses=["0.0.0.0/31"])
    add_good("address-v4-highest", addresses=["255.255.255.255/32"])
    add_good("address-v6-prefix-1", addresses=["8000::/1"])
    add_good("address-v6-prefix-127", addresses=["2001:db8::2/127"])
    add_good("address-v6-prefix-127-of-zero", addresses=["::/127"])
    add_good("address-v6-above-the-mapped", addresses=["::fffe:0:0/95", "::1:0:0:0/96"])
    add_good("address-v6-compatible", addresses=["::c000:201/128"])
    add_good("address-one-address-two-prefixes", addresses=["10.0.0.0/8", "10.0.0.0/16"])

    add_good("ports-one-udp", ports=["udp/51820"])
    add_good("ports-tcp-and-udp", ports=["tcp/53", "udp/53"])
    add_good("ports-ranges", ports=["tcp/8000-8010", "udp/1000-2000"])
    add_good("ports-with-a-gap-of-one", ports=["tcp/22", "tcp/24-30", "tcp/32"])
    add_good("ports-first-and-last", ports=["tcp/1", "tcp/65535"])
    add_good("ports-all-tcp", ports=["tcp/1-65535"])
    add_good("ports-all-tcp-and-udp", ports=["tcp/1-65535", "udp/1-65535"])
    add_good("ports-sixteen", ports=sixteen, size=352)
    add_good("ports-last-tcp-first-udp", ports=["tcp/65535", "udp/1"])

    add_good("forward-to-v4", ports=["tcp/2222"], forward=to("10.0.0.5", 22))
    add_good("forward-to-v6", ports=["tcp/8443"], forward=to("fd00::5", 443))
    add_good("forward-to-local-port", ports=["tcp/443"], forward=local(8022))
    add_good("forward-to-first-port", forward=local(1))
    add_good("forward-to-last-port", forward=to("192.168.1.1", 65535))
    add_good("everything-at-once", addresses=["198.51.100.7/32", v6], ports=sixteen, forward=to("fd00::5", 443), reply=True)

    add_good("close-all-defaults", kind=CLOSE)
    add_good("close-one-address", kind=CLOSE, addresses=["192.0.2.1/32"], ports=["tcp/22"], reply=True)

    add_good("command-ascii", kind=COMMAND, command="systemctl restart nginx")
    add_good("command-one-byte", kind=COMMAND, command="x")
    add_good("command-utf-8", kind=COMMAND, command="grüße 世界 🔑 \u0080 \U0010ffff")
    add_good("command-byte-order-mark", kind=COMMAND, command="\ufeffuptime")
    add_good("command-with-request", kind=COMMAND, addresses=[v6], ports=["tcp/22"], command="wake host-7", open_for=60)
    add_good("command-longest", kind=COMMAND, command="c" * 1100, size=1120)
    add_good("command-longest-utf-8", kind=COMMAND, command="é" * 550, size=1120)

    add_good("fills-96-with-ports", addresses=["2001:db8::/64", v6_other], ports=many[:8], size=96)
    add_good("fills-96-with-command", kind=COMMAND, command="c" * 76, size=96)
    add_good("one-more-than-96-with-ports", addresses=["192.0.2.1/32", "192.0.2.2/32"], ports=many, size=352)
    add_good("one-more-than-96-with-command", kind=COMMAND, command="c" * 77, size=352)
    add_good("fills-352", kind=COMMAND, command="c" * 332, size=352)
    add_good("one-more-than-352", kind=COMMAND, command="c" * 333, size=1120)
    add_good("fills-1120", kind=COMMAND, addresses=["192.0.2.0/24", v6], ports=["tcp/22"], command="c" * 1071, size=1120)

    add_good("server-name-one-byte", server="a")
    add_good("server-name-64-bytes", server="s" * 64)
    add_good("server-name-utf-8", server="tür.例え")
    add_good("server-name-64-bytes-utf-8", server="門" * 21 + "x")
    add_good("server-name-not-normalized", server="tu\u0308r")
    shared = secret_of("one secret, two servers")
    add_good("one-secret-first-server", server="alpha", secret=shared)
    add_good("one-secret-second-server", server="beta", secret=shared)

    add_good("time-first-of-window", time=START)
    add_good("time-last-of-window", time=START + 59_999)
    add_good("time-last-of-window-before", time=START - 1)
    add_good("time-is-now", time=NOW)
    for place, now in (("window-start", START), ("window-middle", NOW), ("window-end", START + 59_999)):
        add_good(f"clock-late-by-max-age-at-{place}", time=now - MAX_AGE, now=now)
        add_good(f"clock-early-by-max-age-at-{place}", time=now + MAX_AGE, now=now)
    add_good("time-zero", time=0, now=30_000)
    add_good("time-highest", time=2**53 - 1, now=2**53 - 1 - MAX_AGE)


# --- bad vectors ------------------------------------------------------------------------------------------------

bad = []


def add_bad(rejection, name, datagram, server=SERVER, now=NOW, secret=None):
    """The datagram as it is, to a server that holds the vector's secret."""
    unique(name)
    secret = secret or secret_of(name)
    try:
        judge(secret, server, now, datagram)
        verdict = "accepted"
    except Rejected as rejected:
        verdict = str(rejected)
    assert verdict == rejection, (name, verdict)
    bad.append(
        {
            "name": name,
            "secret": base64.b64encode(secret).decode(),
            "server": server,
            "nowMs": now,
            "rejection": rejection,
            "datagram": datagram.hex(),
        }
    )


def add_bad_body(rejection, name, size=None, cut=None, tail=b"", hint_time=None, time=NOW - 1_234, now=NOW, **fields):
    """Properly sealed fields, cut or followed by `tail`, that mean nothing allowed."""
    secret = secret_of(name)
    data = fields_of(time, **fields)[:cut] + tail
    hint = hint_of(secret, SERVER, time if hint_time is None else hint_time)
    add_bad(rejection, name, datagram_of(secret, SERVER, hint, nonce_of(name), pad(data, size)), now=now)


class Parts:
    """The parts of a good packet for the vector `name`, for a test to spoil one of them."""

    def __init__(self, name, time=NOW - 1_234):
        self.secret, self.nonce = secret_of(name), nonce_of(name)
        self.body = pad(fields_of(time, addresses=["192.0.2.1/32"], ports=["tcp/22"]))
        self.hint = hint_of(self.secret, SERVER, time)

    def key(self, label, server=SERVER):
        return derive(self.secret, server, label)

    def box(self, key=None, aad=None, nonce=None):
        aad = b"spa1" + self.hint if aad is None else aad
        return xaead_seal(key or self.key("seal"), nonce or self.nonce, aad, self.body)

    def datagram(self, hint=None, nonce=None, box=None, mac_key=None):
        front = (hint or self.hint) + (nonce or self.nonce) + (box or self.box())
        return front + hmac256(mac_key or self.key("mac"), front)


def flip(data, index, bit=0):
    spoiled = bytearray(data)
    spoiled[index] ^= 1 << bit
    return bytes(spoiled)


def make_bad_gate():
    for size in (0, 1, 48, 175, 177, 431, 433, 1199, 1201, 1500):
        name = f"size-{size}"
        datagram = Parts(name).datagram()
        add_bad("wrong-size", name, (datagram + bytes_of(name, size))[:size])
    name = "size-of-another-body"
    parts = Parts(name)
    parts.body = pad(fields_of(NOW), 224)
    add_bad("wrong-size", name, parts.datagram())

    for size in (176, 432, 1200):
        add_bad("unknown-hint", f"junk-{size}", bytes_of(f"junk-{size}", size))
    add_bad("unknown-hint", "junk-of-zeros", bytes(176))
    for name, index, bit in (("hint-first-bit", 0, 7), ("hint-last-bit", 7, 0)):
        parts = Parts(name)
        add_bad("unknown-hint", name, parts.datagram(hint=flip(parts.hint, index, bit)))
    add_bad("unknown-hint", "secret-of-another-client", Parts("another client").datagram())
    add_bad("unknown-hint", "server-of-another-name", Parts("server-of-another-name").datagram(), server="gate2.example.net")
    add_bad("unknown-hint", "server-in-capitals", Parts("server-in-capitals").datagram(), server=SERVER.upper())
    for name, minutes in (("ten-minutes-ago", -10), ("ten-minutes-ahead", 10), ("just-too-old", -3), ("just-too-new", 3)):
        parts = Parts(f"hint-{name}", time=NOW + minutes * WINDOW)
        add_bad("unknown-hint", f"hint-{name}", parts.datagram())
    for name, now, time in (
        ("hint-one-ms-before-the-first-window", START, START - MAX_AGE - 1),
        ("hint-one-ms-after-the-last-window", START + 59_999, START + 59_999 + MAX_AGE + 1),
    ):
        add_bad("unknown-hint", name, Parts(name, time=time).datagram(), now=now)
    for name, message in (
        ("hint-of-seconds", struct.pack(">Q", NOW // 1000)),
        ("hint-of-window-little-endian", struct.pack("<Q", NOW // WINDOW)),
        ("hint-of-window-in-32-bits", struct.pack(">I", NOW // WINDOW)),
    ):
        parts = Parts(name)
        add_bad("unknown-hint", name, parts.datagram(hint=hmac256(parts.key("hint"), message)[:8]))
    parts = Parts("hint-under-mac-key")
    hint = hmac256(parts.key("mac"), struct.pack(">Q", NOW // WINDOW))[:8]
    add_bad("unknown-hint", "hint-under-mac-key", parts.datagram(hint=hint))

    for name, index, bit in (
        ("mac-first-bit", -32, 7),
        ("mac-seventeenth-byte", -16, 0),
        ("mac-last-bit", -1, 0),
        ("nonce-first-bit", 8, 7),
        ("nonce-last-bit", 31, 0),
        ("box-first-bit", 32, 7),
        ("box-last-bit", -33, 0),
    ):
        add_bad("bad-mac", name, flip(Parts(name).datagram(), index, bit))
    add_bad("bad-mac", "mac-of-zeros", Parts("mac-of-zeros").datagram()[:-32] + bytes(32))
    half = Parts("mac-first-half-only").datagram()
    add_bad("bad-mac", "mac-first-half-only", half[:-16] + bytes(16))
    for label in ("hint", "seal", "reply"):
        parts = Parts(f"mac-under-{label}-key")
        add_bad("bad-mac", f"mac-under-{label}-key", parts.datagram(mac_key=parts.key(label)))
    parts = Parts("mac-of-another-server")
    add_bad("bad-mac", "mac-of-another-server", parts.datagram(mac_key=parts.key("mac", "gate2.example.net")))
    parts = Parts("mac-without-hint")
    front = parts.hint + parts.nonce + parts.box()
    add_bad("bad-mac", "mac-without-hint", front + hmac256(parts.key("mac"), front[8:]))
    parts = Parts("mac-before-unsealing")
    parts.body = bytes(96)
    add_bad("bad-mac", "mac-before-unsealing", flip(parts.datagram(box=flip(parts.box(), 0)), -1))


def make_bad_seal():
    for name, index in (("sealed-first-byte", 0), ("sealed-last-byte", -17), ("tag-first-byte", -16), ("tag-last-byte", -1)):
        parts = Parts(f"{name}-flipped")
        add_bad("unsealing-failed", f"{name}-flipped", parts.datagram(box=flip(parts.box(), index)))
    for name, index in (("nonce-first-byte", 0), ("nonce-last-byte", 23)):
        parts = Parts(f"{name}-flipped")
        add_bad("unsealing-failed", f"{name}-flipped", parts.datagram(nonce=flip(parts.nonce, index), box=parts.box()))
    parts = Parts("aad-empty")
    add_bad("unsealing-failed", "aad-empty", parts.datagram(box=parts.box(aad=b"")))
    parts = Parts("aad-without-version")
    add_bad("unsealing-failed", "aad-without-version", parts.datagram(box=parts.box(aad=parts.hint)))
    parts = Parts("aad-without-hint")
    add_bad("unsealing-failed", "aad-without-hint", parts.datagram(box=parts.box(aad=b"spa1")))
    parts = Parts("aad-of-another-version")
    add_bad("unsealing-failed", "aad-of-another-version", parts.datagram(box=parts.box(aad=b"spa2" + parts.hint)))
    parts = Parts("hint-of-the-next-window")
    moved = hint_of(parts.secret, SERVER, NOW + WINDOW)
    add_bad("unsealing-failed", "hint-of-the-next-window", parts.datagram(hint=moved, box=parts.box()))
    for label in ("hint", "mac", "reply"):
        parts = Parts(f"sealed-under-{label}-key")
        add_bad("unsealing-failed", f"sealed-under-{label}-key", parts.datagram(box=parts.box(key=parts.key(label))))
    parts = Parts("sealed-under-the-secret")
    add_bad("unsealing-failed", "sealed-under-the-secret", parts.datagram(box=parts.box(key=parts.secret)))
    parts = Parts("sealed-for-another-server")
    add_bad("unsealing-failed", "sealed-for-another-server", parts.datagram(box=parts.box(parts.key("seal", "gate2.example.net"))))
    parts = Parts("sealed-with-a-short-nonce")
    box = aead_seal(parts.key("seal"), parts.nonce[:12], b"spa1" + parts.hint, parts.body)
    add_bad("unsealing-failed", "sealed-with-a-short-nonce", parts.datagram(box=box))
    parts = Parts("not-sealed-at-all")
    add_bad("unsealing-failed", "not-sealed-at-all", parts.datagram(box=parts.body + bytes(16)))


def make_bad_head():
    for version in (0, 2, 255):
        add_bad_body("bad-version", f"version-{version}", version=version)
    add_bad_body("bad-version", "version-before-type", version=2, kind=9)
    for kind in (0, 4, 255):
        add_bad_body("unknown-type", f"type-{kind}", kind=kind)
    add_bad_body("unknown-type", "type-before-time", kind=0, time=2**64 - 1, hint_time=NOW)
    for name, time in (("lowest", 2**53), ("middle", 2**63), ("highest", 2**64 - 1)):
        add_bad_body("bad-time", f"time-too-large-{name}", time=time, hint_time=NOW)
    add_bad_body("bad-time", "time-in-microseconds", time=NOW * 1000 * 1000, hint_time=NOW)
    add_bad_body("bad-time", "time-before-flags", time=2**53, hint_time=NOW, flags=2)
    for flags in (0x02, 0x03, 0x80, 0xFF):
        add_bad_body("unknown-flags", f"flags-{flags:02x}", flags=flags)
    add_bad_body("unknown-flags", "flags-before-addresses", flags=4, addresses=b"\xff")


def make_bad_addresses():
    def entries(*texts):
        return raw_list(texts, raw_address)

    def one(family, prefix, packed):
        return bytes([1, family, prefix]) + packed

    v4, v6 = bytes([192, 0, 2, 1]), ipaddress.ip_address("2001:db8::1").packed
    for name, addresses in {
        "count-3": entries("192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32"),
        "count-255": b"\xff" + v4 * 10,
        "family-0": one(0, 32, v4),
        "family-5": one(5, 32, v4),
        "family-10": one(10, 128, v6),
        "v4-prefix-33": one(4, 33, v4),
        "v4-prefix-128": one(4, 128, v4),
        "v4-prefix-255": one(4, 255, bytes(4)),
        "v6-prefix-129": one(6, 129, v6),
        "v6-prefix-255": one(6, 255, v6),
        "v4-host-bits-24": entries("192.0.2.1/24"),
        "v4-host-bits-31": entries("192.0.2.1/31"),
        "v4-host-bits-0": entries("1.0.0.0/0"),
        "v4-host-bits-highest-0": entries("128.0.0.0/0"),
        "v6-host-bits-64": entries("2001:db8::1/64"),
        "v6-host-bits-127": entries("2001:db8::1/127"),
        "v6-host-bits-0": entries("8000::/0"),
        "v6-host-bits-next-to-mapped": entries("::ffff:0:0/95"),
        "second-has-host-bits": entries("192.0.2.0/24", "198.51.100.1/24"),
        "v4-unordered": entries("192.0.2.2/32", "192.0.2.1/32"),
        "v6-unordered": entries("2001:db8::2/128", "2001:db8::1/128"),
        "families-unordered": entries("2001:db8::1/128", "192.0.2.1/32"),
        "prefixes-unordered": entries("10.0.0.0/16", "10.0.0.0/8"),
        "v4-repeated": entries("192.0.2.1/32", "192.0.2.1/32"),
        "v6-repeated": entries("2001:db8::/64", "2001:db8::/64"),
        "bytes-above-127-unordered": entries("200.0.0.0/8", "100.0.0.0/8"),
        "v4-unspecified": entries("0.0.0.0/32"),
        "v6-unspecified": entries("::/128"),
        "second-unspecified": entries("192.0.2.1/32", "::/128"),
        "v6-mapped-host": one(6, 128, bytes(10) + b"\xff\xff" + v4),
        "v6-mapped-zero": one(6, 128, bytes(10) + b"\xff\xff" + bytes(4)),
        "v6-mapped-network": one(6, 120, bytes(10) + b"\xff\xff" + v4[:3] + b"\x00"),
        "v6-mapped-all": one(6, 96, bytes(10) + b"\xff\xff" + bytes(4)),
    }.items():
        add_bad_body("bad-address", f"address-{name}", addresses=addresses)
    add_bad_body("bad-address", "address-before-ports", addresses=one(4, 33, v4), ports=b"\xff")
    add_bad_body("bad-address", "address-before-stale", time=NOW - 4 * WINDOW, hint_time=NOW, addresses=one(4, 33, v4))


def make_bad_ports():
    def one(protocol, first, last):
        return bytes([1, protocol]) + u16(first) + u16(last)

    def entries(*texts):
        return raw_list(texts, raw_port)

    for name, ports in {
        "count-17": raw_list(range(1000, 1034, 2), lambda port: raw_port(f"tcp/{port}")),
        "count-255": b"\xff",
        "protocol-0": one(0, 22, 22),
        "protocol-icmp": one(1, 22, 22),
        "protocol-icmp6": one(58, 22, 22),
        "protocol-255": one(255, 22, 22),
        "first-0": one(6, 0, 22),
        "both-0": one(17, 0, 0),
        "last-0": one(6, 1, 0),
        "backwards": one(6, 23, 22),
        "unordered": entries("tcp/443", "tcp/22"),
        "protocols-unordered": entries("udp/53", "tcp/53"),
        "protocols-mixed": entries("tcp/22", "udp/53", "tcp/80"),
        "repeated": entries("tcp/22", "tcp/22"),
        "range-repeated": entries("udp/1000-2000", "udp/1000-2000"),
        "adjacent": entries("tcp/22", "tcp/23"),
        "adjacent-ranges": entries("udp/1000-1999", "udp/2000-2999"),
        "overlapping": entries("tcp/1000-2000", "tcp/1500-2500"),
        "touching": entries("tcp/1000-2000", "tcp/2000-3000"),
        "contained": entries("tcp/1-65535", "tcp/22"),
        "same-first": entries("tcp/22", "tcp/22-30"),
        "after-the-last": entries("tcp/65535", "tcp/65535"),
        "second-backwards": b"\x02" + raw_port("tcp/22") + b"\x06" + u16(90) + u16(80),
    }.items():
        add_bad_body("bad-ports", f"ports-{name}", ports=ports)
    add_bad_body("bad-ports", "ports-before-forward", ports=one(1, 22, 22), forward=b"\xff")


def make_bad_forward():
    v4, v6 = bytes([10, 0, 0, 5]), ipaddress.ip_address("fd00::5").packed
    for name, forward in {
        "kind-3": b"\x03" + u16(22),
        "kind-255": b"\xff",
        "family-0": b"\x01\x00" + v4 + u16(22),
        "family-5": b"\x01\x05" + v4 + u16(22),
        "v4-unspecified": b"\x01\x04" + bytes(4) + u16(22),
        "v6-unspecified": b"\x01\x06" + bytes(16) + u16(22),
        "v6-mapped": b"\x01\x06" + bytes(10) + b"\xff\xff" + v4 + u16(22),
        "v4-port-0": b"\x01\x04" + v4 + u16(0),
        "v6-port-0": b"\x01\x06" + v6 + u16(0),
        "local-port-0": b"\x02" + u16(0),
    }.items():
        add_bad_body("bad-forward", f"forward-{name}", forward=forward)
    add_bad_body("bad-forward", "forward-before-command", forward=b"\x02" + u16(0), command="no command here")


def make_bad_command():
    add_bad_body("bad-command", "command-empty", kind=COMMAND)
    add_bad_body("bad-command", "command-in-open", kind=OPEN, command="uptime")
    add_bad_body("bad-command", "command-in-close", kind=CLOSE, command="uptime")
    for name, text in {
        "lone-continuation": b"a\x80b",
        "overlong-nul": b"a\xc0\x80b",
        "overlong-slash": b"a\xe0\x80\xafb",
        "surrogate": b"a\xed\xa0\x80b",
        "surrogate-pair": b"a\xed\xa0\xbd\xed\xb4\x91b",
        "above-unicode": b"a\xf4\x90\x80\x80b",
        "ends-in-a-character": b"ab\xe4\xb8",
        "latin-1": b"gr\xfc\xdfe",
        "byte-ff": b"a\xffb",
        "nul": b"a\x00b",
        "nul-at-the-end": b"ab\x00",
        "tab": b"a\tb",
        "line-feed": b"a\nb",
        "carriage-return": b"a\rb",
        "escape": b"a\x1b[2Jb",
        "unit-separator": b"a\x1fb",
        "delete": b"a\x7fb",
    }.items():
        add_bad_body("bad-command", f"command-{name}", kind=COMMAND, command=text)
    add_bad_body("bad-command", "command-before-padding", kind=COMMAND, command="a\nb", tail=b"\x01")


def make_bad_shape():
    def odd(count, first=7000):
        return [f"tcp/{port}" for port in range(first, first + 2 * count, 2)]

    v4s, v6 = ["192.0.2.1/32", "192.0.2.2/32"], "2001:db8::1/128"
    head = {"command": b"", "kind": COMMAND}
    for name, length in (("one-more", 77), ("of-352", 332), ("longest", 65535)):
        data = u16(length) + b"c" * 76
        add_bad_body("truncated-body", f"command-truncated-{name}", cut=-2, tail=data, **head)
    add_bad_body("truncated-body", "command-truncated-in-352", cut=-2, tail=u16(333) + b"c" * 332, **head)
    add_bad_body("truncated-body", "command-truncated-in-1120", cut=-2, tail=u16(1101) + b"c" * 1100, **head)
    add_bad_body("truncated-body", "command-truncated-with-control", cut=-2, tail=u16(77) + b"c\n" * 38, **head)
    add_bad_body("truncated-body", "command-truncated-in-open", cut=-2, tail=u16(77) + b"c" * 76, command=b"")
    add_bad_body("truncated-body", "command-length-past-the-end", addresses=[v6], ports=odd(12), cut=96)
    add_bad_body("truncated-body", "command-length-half-past-the-end", addresses=v4s, ports=odd(13), cut=96)
    both = ["192.0.2.1/32", v6]
    add_bad_body("truncated-body", "forward-past-the-end", addresses=both, ports=odd(11), cut=96)
    for name, addresses, ports, forward in (
        ("forward-family-past-the-end", [v6], odd(12), to("10.0.0.5", 22)),
        ("forward-v4-past-the-end", both, odd(10), to("10.0.0.5", 22)),
        ("forward-v6-past-the-end", both, odd(9), to("fd00::5", 443)),
        ("forward-local-past-the-end", v4s, odd(13), local(8022)),
        ("forward-v4-port-0-past-the-end", both, odd(10), to("10.0.0.5", 0)),
    ):
        add_bad_body("truncated-body", name, addresses=addresses, ports=ports, forward=forward, cut=96)
    add_bad_body("truncated-body", "ports-past-the-end", ports=odd(16), cut=96)
    backwards = bytes([16, 6]) + u16(9) + u16(1) + b"".join(raw_port(port) for port in odd(15))
    add_bad_body("truncated-body", "ports-past-the-end-and-backwards", ports=backwards, cut=96)

    add_bad_body("nonzero-padding", "padding-first-byte", tail=b"\x01")
    add_bad_body("nonzero-padding", "padding-last-byte", tail=bytes(75) + b"\x80")
    add_bad_body("nonzero-padding", "padding-last-byte-of-352", ports=odd(16), tail=bytes(251) + b"\x01")
    add_bad_body("nonzero-padding", "padding-last-byte-of-1120", kind=COMMAND, command="c" * 400, tail=bytes(699) + b"\x01")
    add_bad_body("nonzero-padding", "padding-before-size", tail=b"\x01", size=352)
    add_bad_body("nonzero-padding", "padding-after-command", kind=COMMAND, command="uptime", tail=b"; reboot")
    add_bad_body("oversized-body", "size-352-for-96", size=352)
    add_bad_body("oversized-body", "size-1120-for-96", size=1120)
    add_bad_body("oversized-body", "size-352-for-exactly-96", kind=COMMAND, command="c" * 76, size=352)
    add_bad_body("oversized-body", "size-1120-for-exactly-352", kind=COMMAND, command="c" * 332, size=1120)
    add_bad_body("oversized-body", "size-1120-for-97", kind=COMMAND, command="c" * 77, size=1120)
    add_bad_body("oversized-body", "size-before-stale", time=NOW - 4 * WINDOW, hint_time=NOW, size=352)


def make_bad_time():
    add_bad_body("stale", "stale-by-one-ms", time=NOW - MAX_AGE - 1)
    add_bad_body("stale", "stale-at-the-first-window", time=START - MAX_AGE, now=START + 1)
    add_bad_body("stale", "stale-with-hint-of-now", time=NOW - 10 * WINDOW, hint_time=NOW)
    add_bad_body("stale", "stale-time-zero", time=0, hint_time=NOW)
    add_bad_body("stale", "stale-time-in-seconds", time=NOW // 1000, hint_time=NOW)
    add_bad_body("stale", "stale-close", kind=CLOSE, time=NOW - MAX_AGE - 1)
    add_bad_body("future", "future-by-one-ms", time=NOW + MAX_AGE + 1)
    add_bad_body("future", "future-at-the-last-window", time=START + 2 * WINDOW + 59_999, now=START + 59_998)
    add_bad_body("future", "future-with-hint-of-now", time=NOW + 10 * WINDOW, hint_time=NOW)
    add_bad_body("future", "future-time-highest", time=2**53 - 1, hint_time=NOW)
    add_bad_body("future", "future-command", kind=COMMAND, command="uptime", time=NOW + MAX_AGE + 1)


# --- emergency codes ---------------------------------------------------------------------------------------------

codes = []


def add_code(verdict, name, number=3, hold=(1, 8), used=(), now=NOW, server=SERVER, made_for=SERVER, secret=None, nonce=None,
             hint_time=0, size=None, change=None, **fields):
    """
    Code `number` as a server with the numbers `hold` judges it: "code" where it opens, "packet" where it is none and is let in as
    an ordinary packet, else the rejection. `nonce` is how the nonce is made of the body, where not as a code's.
    """
    unique(name)
    secret = secret or secret_of(name)
    body = pad(fields_of(number, **fields), size)
    made = (nonce or (lambda data: code_nonce(secret, made_for, data)))(body)
    datagram = datagram_of(secret, made_for, hint_of(secret, made_for, hint_time), made, body)
    datagram = change(datagram) if change else datagram
    try:
        judge(secret, server, now, datagram, hold, used)
        is_code = len(body) == 96 and 1 <= number <= 59_999 and made == code_nonce(secret, server, body)
        found = "code" if is_code else "packet"
    except Rejected as rejected:
        found = str(rejected)
    assert found == verdict, (name, found)
    codes.append(
        {
            "name": name,
            "secret": base64.b64encode(secret).decode(),
            "server": server,
            "nowMs": now,
            "codeKey": derive(secret, made_for, "code").hex(),
            "hold": list(hold) if hold else None,
            "used": list(used),
            "number": number,
            "body": body.hex(),
            "datagram": datagram.hex(),
            "verdict": verdict,
        }
    )


def make_codes():
    many = [f"tcp/{port}" for port in range(7000, 7026, 2)]
    add_code("code", "code-1-of-the-worked-example", number=1, secret=secret_of("open-ssh-for-one-address"))
    add_code("code", "code-with-ports-and-time", ports=["tcp/22"], open_for=600)
    add_code("code", "code-with-an-address", addresses=["203.0.113.9/32"])
    add_code("code", "code-that-closes", kind=CLOSE)
    add_code("code", "code-that-fills-its-body", kind=COMMAND, command="c" * 76)
    add_code("code", "code-first-of-all", number=1, hold=(1, 59_999))
    add_code("code", "code-last-of-all", number=59_999, hold=(1, 59_999))
    add_code("code", "code-only-one", number=7, hold=(7, 7))
    add_code("code", "code-beside-used-ones", used=(1, 2, 4))
    for place, now in (("1970", 30_000), ("1971", 31_536_000_000), ("2100", 4_102_444_800_000), ("the-end-of-time", 2**53 - 1)):
        add_code("code", f"code-at-a-server-in-{place}", now=now)
    add_code("code", "code-with-the-hint-of-now", hint_time=NOW)

    add_code("unknown-hint", "code-where-there-are-none", hold=None)
    add_code("code-unknown", "code-where-there-are-none-with-the-hint-of-now", hold=None, hint_time=NOW)
    add_code("code-unknown", "code-where-there-are-none-in-1970", hold=None, now=30_000)
    add_code("code-unknown", "code-below-the-range", number=8, hold=(9, 16))
    add_code("code-unknown", "code-above-the-range", number=9)
    add_code("code-unknown", "code-above-the-range-that-was-used", number=9, used=(9,))
    add_code("code-used", "code-used-before", used=(3,))
    add_code("code-used", "code-used-before-at-a-server-in-1970", used=(3,), now=30_000)
    add_code("code-used", "code-of-a-used-number-for-another-port", used=(3,), ports=["tcp/443"])

    add_code("unknown-hint", "code-for-another-server", server="gate2.example.net")
    add_code("unknown-hint", "code-60000", number=60_000, hold=(1, 59_999), hint_time=60_000)
    add_code("stale", "code-60000-with-the-hint-of-codes", number=60_000, hold=(1, 59_999))
    add_code("stale", "code-0", number=0, hold=(1, 8))
    add_code("stale", "code-of-352-bytes", ports=many, addresses=["192.0.2.1/32", "192.0.2.2/32"], size=352)
    add_code("stale", "packet-of-a-client-in-1970", nonce=lambda _: nonce_of("packet-of-a-client-in-1970"))
    add_code("packet", "packet-of-a-client-in-1970-at-a-server-in-1970", now=30_000, nonce=lambda _: nonce_of("both-in-1970"))
    add_code("packet", "packet-of-now-with-the-hint-of-codes", number=NOW, nonce=lambda _: nonce_of("now"))
    add_code("packet", "packet-of-now-with-the-nonce-of-a-code", number=NOW)
    for label in ("hint", "mac", "seal", "reply"):
        secret = secret_of(f"code-nonce-under-the-{label}-key")
        key = derive(secret, SERVER, label)
        add_code("stale", f"code-nonce-under-the-{label}-key", nonce=lambda body, key=key: hmac256(key, body)[:24])
    add_code("stale", "code-nonce-of-the-end-of-the-mac", nonce=lambda body: hmac256(
        derive(secret_of("code-nonce-of-the-end-of-the-mac"), SERVER, "code"), body)[8:])
    add_code("stale", "code-nonce-of-another-body", nonce=lambda body: code_nonce(
        secret_of("code-nonce-of-another-body"), SERVER, pad(fields_of(4))))
    add_code("stale", "code-nonce-of-the-fields-alone", nonce=lambda body: code_nonce(
        secret_of("code-nonce-of-the-fields-alone"), SERVER, fields_of(3)))
    add_code("stale", "code-nonce-with-a-wrong-bit", nonce=lambda body: flip(code_nonce(
        secret_of("code-nonce-with-a-wrong-bit"), SERVER, body), 23))
    add_code("bad-mac", "code-with-a-mistyped-letter", change=lambda datagram: flip(datagram, 100))
    add_code("bad-mac", "code-with-a-mistyped-last-letter", change=lambda datagram: flip(datagram, 175))
    add_code("unknown-hint", "code-with-a-mistyped-first-letter", change=lambda datagram: flip(datagram, 0))
    add_code("wrong-size", "code-cut-short", change=lambda datagram: datagram[:-1])
    add_code("wrong-size", "code-as-letters", change=base64.b64encode)
    add_code("bad-ports", "code-that-says-nothing-allowed", ports=["tcp/22", "tcp/22"])


# --- files ------------------------------------------------------------------------------------------------------

# --- replies (section 10) ---------------------------------------------------------------------------------------

replies = []
STATUSES = {1: "opened", 2: "closed", 3: "accepted", 4: "refused", 5: "failed"}
REASONS = (
    "stanza-expired source-not-allowed address-required address-not-allowed port-not-allowed no-port-named forward-not-allowed "
    "forward-of-range forward-family command-not-allowed too-many-grants nothing-to-close"
).split()
SOURCE, SOURCE6 = bytes([4, 198, 51, 100, 7]), b"\x06" + ipaddress.ip_address("2001:db8::7").packed


def reply_fields(status=1, reason=0, time=NOW, end=NOW + 30_000, source=SOURCE, port=40_000, version=1):
    return bytes([version, status, reason]) + struct.pack(">QQ", time, end) + source + u16(port)


def judge_reply(secret, server, request, datagram):
    """What a client that has sent `request` reads."""
    refuse("wrong-size", len(datagram) != 176)
    box = xaead_open(derive(secret, server, "reply"), datagram[:24], b"spa1 reply" + request[-32:], datagram[24:])
    refuse("unsealing-failed", box is None)
    body = Body(box)
    refuse("bad-version", body.number(1) != 1)
    status = STATUSES.get(body.number(1))
    refuse("unknown-status", status is None)
    number = body.number(1)
    refuse("unknown-reason", number > len(REASONS) or (number > 0) != (status == "refused"))
    time = body.number(8)
    refuse("bad-time", time > 2**53 - 1)
    end = body.number(8)
    refuse("bad-end", end > 2**53 - 1 or (end > 0) != (status == "opened"))
    family = body.number(1)
    refuse("bad-address", family not in (4, 6))
    packed = body.take(4 if family == 4 else 16)
    refuse("bad-address", packed == bytes(len(packed)) or is_mapped(packed))
    port = body.number(2)
    refuse("bad-port", port == 0)
    refuse("nonzero-padding", any(box[body.at :]))
    return {
        "status": status,
        "reason": REASONS[number - 1] if number else None,
        "timeMs": time,
        "endMs": end,
        "source": str(ipaddress.ip_address(packed)),
        "port": port,
    }


def add_reply(name, fields, fault=None, spoil=lambda datagram: datagram, key="reply", aad=None, request=None, size=136):
    unique(name)
    secret, server = secret_of(name), SERVER
    sent = Parts(name).datagram() if request is None else request
    data = fields + bytes(size - len(fields))
    sealed = xaead_seal(derive(secret, server, key), nonce_of(name), b"spa1 reply" + sent[-32:] if aad is None else aad, data)
    datagram = spoil(nonce_of(name) + sealed)
    try:
        read, verdict = judge_reply(secret, server, Parts(name).datagram(), datagram), None
    except Rejected as rejected:
        read, verdict = None, str(rejected)
    assert verdict == fault, (name, verdict)
    replies.append(
        {
            "name": name,
            "secret": base64.b64encode(secret).decode(),
            "server": server,
            "replyKey": derive(secret, server, "reply").hex(),
            "request": Parts(name).datagram().hex(),
            "nonce": nonce_of(name).hex(),
            "datagram": datagram.hex(),
            "fault": fault,
            "reply": read,
        }
    )


def make_replies():
    add_reply("reply-opened", reply_fields())
    add_reply("reply-opened-v6", reply_fields(source=SOURCE6))
    add_reply("reply-opened-first-millisecond", reply_fields(time=0, end=1))
    add_reply("reply-opened-highest-times", reply_fields(time=2**53 - 1, end=2**53 - 1))
    add_reply("reply-opened-that-is-over", reply_fields(end=NOW - 1))
    add_reply("reply-lowest-port", reply_fields(port=1))
    add_reply("reply-highest-port", reply_fields(port=65535))
    for status in (2, 3, 5):
        add_reply(f"reply-{STATUSES[status]}", reply_fields(status=status, end=0))
    for number, reason in enumerate(REASONS, 1):
        add_reply(f"reply-refused-{reason}", reply_fields(status=4, reason=number, end=0))

    for size in (0, 23, 24, 40, 175, 177, 432, 1200):
        add_reply(f"reply-size-{size}", reply_fields(), "wrong-size", lambda datagram, size=size: (datagram * 8)[:size])
    for index in (0, 23, 24, 159, 160, 175):
        add_reply(f"reply-byte-{index}-flipped", reply_fields(), "unsealing-failed", lambda d, index=index: flip(d, index))
    for label in ("hint", "mac", "seal", "code"):
        add_reply(f"reply-under-{label}-key", reply_fields(), "unsealing-failed", key=label)
    add_reply("reply-without-label", reply_fields(), "unsealing-failed", aad=Parts("reply-without-label").datagram()[-32:])
    add_reply("reply-without-mac", reply_fields(), "unsealing-failed", aad=b"spa1 reply")
    half = b"spa1 reply" + Parts("reply-half-of-mac").datagram()[-32:-16]
    add_reply("reply-half-of-mac", reply_fields(), "unsealing-failed", aad=half)
    add_reply("reply-to-another-request", reply_fields(), "unsealing-failed", request=Parts("another request").datagram())

    for version in (0, 2, 255):
        add_reply(f"reply-version-{version}", reply_fields(version=version), "bad-version")
    for status in (0, 6, 255):
        add_reply(f"reply-status-{status}", reply_fields(status=status), "unknown-status")
    for number in (0, 13, 255):
        add_reply(f"reply-refused-number-{number}", reply_fields(status=4, reason=number, end=0), "unknown-reason")
    for status in (1, 2, 3, 5):
        add_reply(f"reply-{STATUSES[status]}-with-reason", reply_fields(status=status, reason=1), "unknown-reason")
    for time in (2**53, 2**64 - 1):
        add_reply(f"reply-time-{time}", reply_fields(time=time), "bad-time")
        add_reply(f"reply-end-{time}", reply_fields(end=time), "bad-end")
    add_reply("reply-opened-without-end", reply_fields(end=0), "bad-end")
    for status in (2, 3, 5):
        add_reply(f"reply-{STATUSES[status]}-with-end", reply_fields(status=status), "bad-end")
    add_reply("reply-refused-with-end", reply_fields(status=4, reason=1), "bad-end")
    for family in (0, 5, 10, 255):
        add_reply(f"reply-family-{family}", reply_fields(source=bytes([family]) + SOURCE6[1:]), "bad-address")
    add_reply("reply-v4-unspecified", reply_fields(source=b"\x04" + bytes(4)), "bad-address")
    add_reply("reply-v6-unspecified", reply_fields(source=b"\x06" + bytes(16)), "bad-address")
    add_reply("reply-v6-mapped", reply_fields(source=b"\x06" + bytes(10) + b"\xff\xff" + SOURCE[1:]), "bad-address")
    add_reply("reply-port-0", reply_fields(port=0), "bad-port")
    add_reply("reply-padding-first", reply_fields() + b"\x01", "nonzero-padding")
    add_reply("reply-padding-last", reply_fields().ljust(135, b"\x00") + b"\x80", "nonzero-padding")
    add_reply("reply-port-before-padding", reply_fields(port=0) + b"\x01", "bad-port")


GOOD_ABOUT = (
    "Packet format spa1 (docs/native-packet.md): each secret, server name, nonce and request gives exactly this datagram, "
    "and a server whose clock is at nowMs accepts it (max_age 120 s). Written by generate.py; do not edit."
)
BAD_ABOUT = (
    "Packet format spa1 (docs/native-packet.md): a server that holds the secret under this name, with its clock at nowMs, "
    "max_age maxAgeMs and a hint table that reaches just as far, refuses each datagram with exactly this rejection. "
    "Written by generate.py; do not edit."
)


CODES_ABOUT = (
    "Emergency codes of packet format spa1 (docs/native-packet.md, section 12): a server that holds the secret under this name, with "
    "its clock at nowMs, max_age maxAgeMs, for a client with the numbers `hold` (first and last) of which `used` were used, judges "
    "each datagram so: \"code\", it opens as a code; \"packet\", it is let in as an ordinary packet; else the rejection. Written by "
    "generate.py; do not edit."
)

REPLIES_ABOUT = (
    "Replies of packet format spa1 (docs/native-packet.md, section 10): what a client that has sent `request` with the secret to the "
    "server of this name reads in each datagram, or the fault. Written by generate.py; do not edit."
)


def files():
    make_good()
    for make in (
        make_bad_gate,
        make_bad_seal,
        make_bad_head,
        make_bad_addresses,
        make_bad_ports,
        make_bad_forward,
        make_bad_command,
        make_bad_shape,
        make_bad_time,
        make_codes,
        make_replies,
    ):
        make()
    return {
        "good.json": {"about": GOOD_ABOUT, "maxAgeMs": MAX_AGE, "vectors": good},
        "bad.json": {"about": BAD_ABOUT, "maxAgeMs": MAX_AGE, "vectors": bad},
        "codes.json": {"about": CODES_ABOUT, "maxAgeMs": MAX_AGE, "vectors": codes},
        "replies.json": {"about": REPLIES_ABOUT, "vectors": replies},
    }


def main(arguments):
    self_check()
    folder = os.path.dirname(os.path.abspath(__file__))
    different = []
    for name, content in files().items():
        path = os.path.join(folder, name)
        text = json.dumps(content, indent=1, ensure_ascii=True) + "\n"
        if "--check" in arguments:
            with open(path, encoding="ascii") as file:
                different += [name] if file.read() != text else []
        else:
            with open(path, "w", encoding="ascii", newline="\n") as file:
                file.write(text)
        print(f"{name}: {len(content['vectors'])} vectors, {len(text)} bytes")
    if different:
        sys.exit(f"not what this oracle writes: {', '.join(different)}")


if __name__ == "__main__":
    main(sys.argv[1:])
