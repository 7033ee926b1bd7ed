#!/usr/bin/env python3
"""
The oracle of fwknop's packet: writes good.json and bad.json next to itself.

Written from docs/fwknop-packet.md, FIPS 197 (AES) and NIST SP 800-38A (modes) alone; it shares no code with the
TypeScript it judges, and needs the standard library only. Keys and salts come from SHA-256 of a vector's name, so that a
run always writes the same bytes. Every bad vector has its rejection from how it was made, and the judge below, which
follows section 12 of the page, must come to the same.

    python3 test/vectors/fwknop/generate.py            write both files
    python3 test/vectors/fwknop/generate.py --check    exit 1 if the files differ from what would be written
"""
import base64
import hashlib
import hmac as hmac_module
import ipaddress
import json
import os
import re
import sys

DIGESTS = {"md5": 22, "sha1": 27, "sha256": 43, "sha384": 64, "sha512": 86, "sha3_256": 43, "sha3_512": 86}
MODES = ["cbc", "ecb", "cfb", "ofb", "ctr", "legacy"]
TYPES = [
    "command",
    "access",
    "nat-access",
    "timeout-access",
    "timeout-nat-access",
    "local-nat-access",
    "timeout-local-nat-access",
]
HAS_NAT = {2, 4, 5, 6}
HAS_TIMEOUT = {3, 4, 6}
NOW = 1_795_175_774
SALT_PREFIX = "U2FsdGVkX1"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

# --- AES-256, a byte at a time ----------------------------------------------------------------------------------


def xtime(value):
    return ((value << 1) ^ 0x11B) & 0xFF if value & 0x80 else value << 1


def times(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a, b = xtime(a), b >> 1
    return product


def make_sbox():
    box = [0x63] * 256
    for value in range(1, 256):
        inverse = next(x for x in range(1, 256) if times(value, x) == 1)
        out = inverse
        for shift in range(1, 5):
            out ^= ((inverse << shift) | (inverse >> (8 - shift))) & 0xFF
        box[value] = out ^ 0x63
    return box


SBOX = make_sbox()
UNBOX = [SBOX.index(value) for value in range(256)]
TIMES = {factor: [times(value, factor) for value in range(256)] for factor in (1, 2, 3, 9, 11, 13, 14)}


def expand(key):
    words = [list(key[at : at + 4]) for at in range(0, 32, 4)]
    constant = 1
    for index in range(8, 60):
        word = list(words[-1])
        if index % 8 == 0:
            word = [SBOX[byte] for byte in word[1:] + word[:1]]
            word[0] ^= constant
            constant = xtime(constant)
        elif index % 8 == 4:
            word = [SBOX[byte] for byte in word]
        words.append([a ^ b for a, b in zip(word, words[index - 8])])
    return [sum(words[4 * r : 4 * r + 4], []) for r in range(15)]


def mix(state, factors):
    out = []
    for column in range(0, 16, 4):
        for row in range(4):
            value = 0
            for place in range(4):
                value ^= TIMES[factors[(place - row) % 4]][state[column + place]]
            out.append(value)
    return out


def add(state, round_key):
    return [a ^ b for a, b in zip(state, round_key)]


def shift(state, direction):
    return [state[(4 * (column + direction * row) + row) % 16] for column in range(4) for row in range(4)]


def encipher(keys, block):
    state = add(list(block), keys[0])
    for number in range(1, 15):
        state = shift([SBOX[byte] for byte in state], 1)
        state = add(mix(state, (2, 3, 1, 1)) if number < 14 else state, keys[number])
    return bytes(state)


def decipher(keys, block):
    state = add(list(block), keys[14])
    for number in range(13, -1, -1):
        state = add([UNBOX[byte] for byte in shift(state, -1)], keys[number])
        state = mix(state, (14, 11, 13, 9)) if number > 0 else state
    return bytes(state)


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def blocks_of(data):
    return [data[at : at + 16] for at in range(0, len(data), 16)]


def run_mode(mode, key, iv, data, opening):
    """Whole blocks in, whole blocks out."""
    keys, last, out = expand(key), iv, b""
    for index, block in enumerate(blocks_of(data)):
        if mode == "ecb":
            out += decipher(keys, block) if opening else encipher(keys, block)
        elif mode == "cbc":
            done = xor(decipher(keys, block), last) if opening else encipher(keys, xor(block, last))
            last = block if opening else done
            out += done
        elif mode == "cfb":
            done = xor(encipher(keys, last), block)
            last = block if opening else done
            out += done
        elif mode == "ofb":
            last = encipher(keys, last)
            out += xor(last, block)
        else:
            counter = (int.from_bytes(iv, "big") + index) % (1 << 128)
            out += xor(encipher(keys, counter.to_bytes(16, "big")), block)
    return out


def self_check():
    """Published test vectors: a wrong primitive must not become a wrong standard."""
    unhex = bytes.fromhex
    block = encipher(expand(bytes(range(32))), unhex("00112233445566778899aabbccddeeff"))  # FIPS 197, C.3
    assert block.hex() == "8ea2b7ca516745bfeafc49904b496089"
    assert decipher(expand(bytes(range(32))), block).hex() == "00112233445566778899aabbccddeeff"
    key = unhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")  # SP 800-38A, appendix F
    plain = unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    iv, counter = bytes(range(16)), bytes(range(0xF0, 0x100))
    for mode, start, sealed in [
        ("ecb", iv, "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"),
        ("cbc", iv, "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"),
        ("cfb", iv, "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b"),
        ("ofb", iv, "dc7e84bfda79164b7ecd8486985d38604febdc6740d20b3ac88f6ad82a4fb08d"),
        ("ctr", counter, "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"),
    ]:
        assert run_mode(mode, key, start, plain, False).hex() == sealed, mode
        assert run_mode(mode, key, start, unhex(sealed), True) == plain, mode
    mac = mac_of(b"\x0b" * 20, "sha256", b"Hi There")  # RFC 4231, 4.2
    assert mac.hex() == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"


# --- the writer: pieces that can be as wrong as a test wants ----------------------------------------------------


def b64(data):
    data = data.encode() if isinstance(data, str) else data
    return base64.b64encode(data).decode().rstrip("=")


def digest_of(name, data):
    return hashlib.new(name, data).digest()


def mac_of(key, name, data):
    return hmac_module.new(key, data, name).digest()


def chance(what, name, length):
    return hashlib.shake_256(f"fwknop vector {what} {name}".encode()).digest(length)


def fields_of(
    random="4360737761848961",
    user="root",
    time=NOW,
    version="3.0.0",
    type=1,
    message="192.0.2.1,tcp/22",
    nat=None,
    auth=None,
    timeout=None,
    **raw,
):
    """All fields without digest. `raw` has texts that go in as they stand in the place of a field."""
    parts = {
        "random": random,
        "user": b64(user),
        "time": str(time),
        "version": version,
        "type": str(type),
        "message": b64(message),
        "nat": None if nat is None else b64(nat),
        "auth": None if auth is None else b64(auth),
        "timeout": None if timeout is None else str(timeout),
    }
    parts.update(raw)
    return ":".join(part for part in parts.values() if part is not None)


def plain_of(fields, digest="sha256"):
    return f"{fields}:{b64(digest_of(digest, fields.encode('latin1')))}"


def derive(passphrase, mode, salt):
    if mode == "legacy":
        passphrase = passphrase[:16].ljust(16, b"0")
    seed = passphrase + salt
    d1 = hashlib.md5(seed).digest()
    d2 = hashlib.md5(d1 + seed).digest()
    d3 = hashlib.md5(d2 + seed).digest()
    return d1 + d2, d3


def pad(data):
    return data + bytes([16 - len(data) % 16]) * (16 - len(data) % 16)


class Keys:
    def __init__(self, name, mode="cbc", hmac="sha256", passphrase=None, hmac_key=None):
        self.mode, self.hmac = mode, hmac
        self.passphrase = chance("passphrase", name, 32) if passphrase is None else passphrase
        self.hmac_key = chance("hmac", name, 64) if hmac_key is None else hmac_key
        self.salt = chance("salt", name, 8)

    def json(self):
        return {
            "passphrase": self.passphrase.hex(),
            "mode": self.mode,
            "hmac": None if self.hmac is None else {"type": self.hmac, "key": self.hmac_key.hex()},
        }

    def sealed(self, padded, mark=b"Salted__"):
        key, iv = derive(self.passphrase, self.mode, self.salt)
        mode = "cbc" if self.mode == "legacy" else self.mode
        return mark + self.salt + run_mode(mode, key, iv, padded, False)

    def add_hmac(self, whole):
        return "" if self.hmac is None else b64(mac_of(self.hmac_key, self.hmac, whole.encode()))

    def text(self, padded):
        """The text of what is padded already."""
        whole = b64(self.sealed(padded))
        return whole[len(SALT_PREFIX) :] + self.add_hmac(whole)

    def text_of_plain(self, plain):
        return self.text(pad(plain if isinstance(plain, bytes) else plain.encode("latin1")))


# --- the judge: what a reader says to a text --------------------------------------------------------------------


class Rejected(Exception):
    pass


def refuse(tag, condition=True):
    if condition:
        raise Rejected(tag)


def unb64(text):
    """The bytes, or None where the text is not the one that b64 writes."""
    if not all(letter in LETTERS for letter in text) or len(text) % 4 == 1:
        return None
    data = base64.b64decode(text + "=" * (-len(text) % 4))
    return data if b64(data) == text else None


def judge_shape(text):
    refuse("wrong-size", not 140 <= len(text) <= 1500)
    refuse("refused-prefix", text.startswith(SALT_PREFIX) or (len(text) > 400 and text.startswith("hQ")))
    refuse("bad-alphabet", any(letter not in LETTERS for letter in text))


def split_hmac(text, keys):
    length = 0 if keys.hmac is None else DIGESTS[keys.hmac]
    sealed, mac = text[: len(text) - length], text[len(text) - length :]
    refuse("bad-mac", keys.hmac is not None and len(sealed) < 36)
    return sealed, mac


def judge_text(text, keys):
    """The plain text of a Rijndael packet."""
    judge_shape(text)
    sealed, mac = split_hmac(text, keys)
    refuse("bad-mac", keys.hmac is not None and (text[0] not in "89+/" or mac != keys.add_hmac(SALT_PREFIX + sealed)))
    data = unb64(SALT_PREFIX + sealed)
    refuse("bad-encoding", data is None or data[:8] != b"Salted__" or len(data) < 32 or len(data) % 16 != 0)
    key, iv = derive(keys.passphrase, keys.mode, data[8:16])
    padded = run_mode("cbc" if keys.mode == "legacy" else keys.mode, key, iv, data[16:], True)
    count = padded[-1]
    if 1 <= count <= 16 and padded.endswith(bytes([count]) * count):
        return padded[:-count]
    refuse("unsealing-failed", keys.mode != "legacy")
    return padded


def printable(data):
    return len(data) > 0 and all(0x20 <= byte <= 0x7E for byte in data)


def judge_plain(plain):
    """The fields of a plain text, in the form of the vectors."""
    refuse("unsealing-failed", not 36 <= len(plain) <= 1499 or not printable(plain))
    text = plain.decode()
    refuse("unsealing-failed", re.match("[0-9]{16}:", text) is None)
    fields, _, digest = text.rpartition(":")
    names = [name for name, length in DIGESTS.items() if length == len(digest)]
    refuse("bad-digest", not any(b64(digest_of(name, fields.encode())) == digest for name in names))
    parts = fields.split(":")
    refuse("bad-fields", len(parts) < 6)
    user = unb64(parts[1])
    refuse("bad-user", user is None or len(user) > 48 or not printable(user))
    refuse("bad-user", any(chr(byte) in '"/\\[]:;|=,+*?<>' for byte in user))
    refuse("bad-time", re.fullmatch("0|[1-9][0-9]{0,11}", parts[2]) is None)
    refuse("bad-version", not 1 <= len(parts[3]) <= 8)
    refuse("unknown-type", re.fullmatch("[0-6]", parts[4]) is None)
    kind, tail = int(parts[4]), parts[6:]
    needed = (kind in HAS_NAT) + (kind in HAS_TIMEOUT)
    refuse("bad-fields", not needed <= len(tail) <= needed + 1)
    allow, ports, command = judge_message(kind, parts[5])
    nat = judge_nat(tail.pop(0)) if kind in HAS_NAT else None
    timeout = tail.pop() if kind in HAS_TIMEOUT else None
    auth = None
    if tail:
        auth = unb64(tail[0])
        refuse("bad-fields", auth is None or not printable(auth) or len(auth) > 192)
    if timeout is not None:
        refuse("bad-timeout", re.fullmatch("0|[1-9][0-9]{0,4}", timeout) is None or int(timeout) > 65536)
    return {
        "random": parts[0],
        "user": user.decode(),
        "time": int(parts[2]),
        "version": parts[3],
        "type": TYPES[kind],
        "allow": allow,
        "ports": ports,
        "command": command,
        "nat": nat,
        "serverAuth": None if auth is None else auth.decode(),
        "timeout": None if timeout is None else int(timeout),
    }


def judge_message(kind, text):
    data = unb64(text)
    refuse("bad-message", data is None or not 1 <= len(data) <= 192)
    try:
        message = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Rejected("bad-message") from None
    refuse("bad-message", "," not in message)
    allow, _, rest = message.partition(",")
    try:
        address = ipaddress.ip_address(allow)
    except ValueError:
        raise Rejected("bad-address") from None
    refuse("bad-address", str(address) != allow or "%" in allow)
    refuse("bad-address", address.version == 6 and address.ipv4_mapped is not None)
    allow = None if int(address) == 0 else allow
    if kind == 0:
        refuse("bad-command", rest == "" or any(ord(c) < 0x20 and c != "\t" or c == "\x7f" for c in rest))
        return allow, [], rest
    ports = []
    for port in rest.split(","):
        match = re.fullmatch("(tcp|udp)/([0-9]{1,5})", port, re.ASCII)
        refuse("bad-ports", match is None or not 1 <= int(match[2]) <= 65535)
        ports.append(f"{match[1]}/{int(match[2])}")
    return allow, ports, ""


def judge_nat(text):
    data = unb64(text) or b""
    match = re.fullmatch(rb"([A-Za-z0-9._:-]{1,70}),([1-9][0-9]{0,4})", data)
    refuse("bad-forward", match is None or int(match[2]) > 65535)
    return {"host": match[1].decode(), "port": int(match[2])}


def judge(text, keys):
    try:
        return judge_plain(judge_text(text, keys))
    except Rejected as rejected:
        return str(rejected)


# --- OpenPGP frames ---------------------------------------------------------------------------------------------


def old_packet(tag, body, octets):
    return bytes([0x80 | tag << 2 | {1: 0, 2: 1}[octets]]) + len(body).to_bytes(octets, "big") + body


def new_length(length):
    return bytes([length]) if length < 192 else (0xC000 + length - 192).to_bytes(2, "big")


def new_packet(tag, body):
    return bytes([0xC0 | tag]) + new_length(len(body)) + body


def partial_packet(tag, body, power):
    size = 1 << power
    return bytes([0xC0 | tag, 0xE0 | power]) + body[:size] + new_length(len(body) - size) + body[size:]


def session_key(name, length, octets, version=3):
    return old_packet(1, bytes([version]) + chance("session", name, length - 1), octets)


def data_packet(name, length):
    return new_packet(18, b"\x01" + chance("data", name, length - 1))


def walk(data):
    """Whether the packets are session keys and then sealed data, up to the end."""
    at, keys = 0, 0
    while at < len(data):
        first = data[at]
        if not first & 0x80:
            return False
        if first & 0x40:
            tag, at = first & 0x3F, at + 1
            while True:
                if at >= len(data):
                    return False
                octet = data[at]
                if octet < 192:
                    at, done = at + 1 + octet, True
                elif octet < 224:
                    if at + 1 >= len(data):
                        return False
                    at, done = at + 2 + ((octet - 192) << 8) + data[at + 1] + 192, True
                elif octet < 255:
                    at, done = at + 1 + (1 << (octet & 31)), False
                else:
                    return False
                if done:
                    break
        else:
            tag, octets = first >> 2 & 15, {0: 1, 1: 2}.get(first & 3)
            if octets is None or at + octets >= len(data):
                return False
            at += 1 + octets + int.from_bytes(data[at + 1 : at + 1 + octets], "big")
        if at > len(data):
            return False
        if tag in (18, 20):
            return keys > 0 and at == len(data)
        if tag != 1:
            return False
        keys += 1
    return False


def session_version(data):
    """The version of the first session key, whose length takes one octet or two."""
    return data[3] if data[0] & 3 == 1 else data[2]


def find_prefix(sealed):
    for prefix in ["hQ", *("h" + letter for letter in "ABCDEFGHIJKLMNOP")]:
        data = unb64(prefix + sealed)
        if data is not None and walk(data) and session_version(data) == 3:
            return prefix, data
    return None, None


def judge_gpg(text, keys):
    try:
        judge_shape(text)
        sealed, mac = split_hmac(text, keys)
        prefix, data = find_prefix(sealed)
        refuse("bad-mac" if keys.hmac else "bad-encoding", prefix is None)
        refuse("bad-mac", keys.hmac is not None and mac != keys.add_hmac(prefix + sealed))
        return data.hex()
    except Rejected as rejected:
        return str(rejected)


# --- good vectors -----------------------------------------------------------------------------------------------

GOOD, BAD, GOOD_GPG, BAD_GPG = [], [], [], []

SAMPLES = [
    dict(type=0, message="192.0.2.1,systemctl restart nginx"),
    dict(type=1),
    dict(type=2, message="192.0.2.1,tcp/55000", nat="10.0.0.5,443"),
    dict(type=3, timeout=60),
    dict(type=4, nat="inner.example,443", timeout=3600),
    dict(type=5, message="192.0.2.1,udp/55001", nat="192.0.2.200,22"),
    dict(type=6, nat="192.0.2.200,22", timeout=1),
]


def good(name, digest="sha256", mode="cbc", hmac="sha256", canonical=True, padded=None, keys=None, **fields):
    """`canonical`: a writer makes the same text of the fields."""
    keys = keys or Keys(name, mode, hmac)
    plain = plain_of(fields_of(**fields), digest)
    text = keys.text_of_plain(plain) if padded is None else keys.text(padded(plain))
    verdict = judge(text, keys)
    assert isinstance(verdict, dict), (name, verdict, len(text))
    GOOD.append(
        {
            "name": name,
            **keys.json(),
            "salt": keys.salt.hex(),
            "digest": digest,
            "canonical": canonical,
            "fields": verdict,
            "plain": plain,
            "text": text,
        }
    )


def whole_blocks():
    """Fields whose plain text needs a whole block of padding."""
    choices = (dict(user="u" * 6, version="3" * length) for length in range(1, 9))
    choices = [*choices, *(dict(user="u" * 12, version="3" * length) for length in range(1, 9))]
    return next(choice for choice in choices if len(plain_of(fields_of(**choice))) % 16 == 0)


def make_good():
    for number, sample in enumerate(SAMPLES):
        for index, digest in enumerate(DIGESTS):
            mode = MODES[(number + index) % 5]
            hmac = [*DIGESTS, None][(3 * number + index) % 8]
            good(f"{TYPES[number]}, digest {digest}", digest, mode, hmac, **sample)
    for mode in MODES:
        for hmac in [*DIGESTS, None]:
            good(f"mode {mode}, HMAC {hmac}", "sha256", mode, hmac)
    for size in (1, 15, 16, 17, 31, 32):
        good(f"passphrase of {size} bytes", keys=Keys(f"p{size}", passphrase=chance("p", str(size), size)))
        name = f"legacy, passphrase of {size} bytes"
        good(name, keys=Keys(name, "legacy", None, passphrase=chance("p", str(size), size)))
    good("passphrase with zero bytes", keys=Keys("zero", passphrase=b"\x00a\x00\xff\x00"))
    for hmac, sizes in {"md5": (1, 64, 65), "sha256": (1, 64, 65, 100, 128), "sha512": (127, 128), "sha3_256": (128,), "sha3_512": (72, 73, 128)}.items():
        for size in sizes:
            name = f"HMAC {hmac}, key of {size} bytes"
            good(name, keys=Keys(name, hmac=hmac, hmac_key=chance("k", name, size)))
    for extra in range(16):
        good(f"user of {extra + 1} characters: {extra} more to a block", user="u" * (extra + 1))
    make_good_fields()


def make_good_fields():
    good("random of zeros", random="0" * 16)
    good("random of nines", random="9" * 16)
    good("user of 48 characters", user="a" * 48)
    good("user of every character allowed", user="".join(chr(c) for c in range(0x20, 0x7F) if chr(c) not in '"/\\[]:;|=,+*?<>')[:48])
    good("user of the rest of them", user="".join(chr(c) for c in range(0x20, 0x7F) if chr(c) not in '"/\\[]:;|=,+*?<>')[48:])
    for time in (0, 1, 2**31 - 1, 2**31, 2**32, 999_999_999_999):
        good(f"time {time}", time=time)
    for version in ("2", "2.0", "1.9.12", "3.0.0", "12345678", "a b !~"):
        good(f"version {version}", version=version)
    for address in ("0.0.0.0", "1.1.1.1", "255.255.255.255", "10.0.0.1", "2001:db8::1", "::1", "fe80::1:2:3:4", "2001:db8:1:2:3:4:5:6"):
        good(f"address {address}", message=f"{address},tcp/22")
    good("address ::", canonical=False, message="::,tcp/22")
    for ports in ("tcp/1", "udp/65535", "tcp/22,tcp/22", "udp/53,tcp/53", "tcp/80,udp/1,tcp/443"):
        good(f"ports {ports}", message=f"192.0.2.1,{ports}")
    good("port with leading zeros", canonical=False, message="192.0.2.1,tcp/00022")
    many = ",".join(f"tcp/{port}" for port in range(1, 30))
    longest = "1.1.1.11," + many[: many.rindex(",", 0, 184)]
    good("many ports", message=longest)
    good("message of 192 bytes", message="1.1.1.1," + ",".join(["tcp/1"] * 29) + ",tcp/12345"[: 192 - 8 - 29 * 6 + 1])
    good("command of one character", type=0, message="0.0.0.0,x", hmac="sha512")
    good("command with commas and colons", type=0, message="192.0.2.1,a,b:c ; d=e | f")
    good("command with a tab and UTF-8", type=0, message="192.0.2.1,echo\tGrüße 東京 🚪")
    good("command with blanks around", type=0, message="192.0.2.1, x ")
    good("command of 182 bytes", type=0, message="192.0.2.1," + "c" * 182)
    good("command for an IPv6 address", type=0, message="2001:db8::1,id")
    for host in ("a", "h" * 70, "192.0.2.7", "2001:db8::7", "a-b_c.example", "h"):
        good(f"nat to {host}", type=2, nat=f"{host},443")
    for port in (1, 65535):
        good(f"nat to port {port}", type=5, nat=f"10.0.0.1,{port}")
    for timeout in (0, 1, 30, 65535, 65536):
        good(f"timeout {timeout}", type=3, timeout=timeout)
    for number, sample in enumerate(SAMPLES):
        good(f"{TYPES[number]} with server_auth", auth="let me in", **sample)
    good("server_auth of 192 characters", auth="s" * 192)
    good("server_auth of colons", type=6, nat="a,1", timeout=5, auth="a:b:c")
    good("all fields at their largest", "sha512", "cbc", "sha3_512", user="u" * 48, version="12345678", type=6, message="255.255.255.255," + ",".join(["tcp/65535"] * 17), nat="h" * 70 + ",65535", auth="s" * 192, timeout=65536)
    good("text of 140 letters", "md5", hmac=None, user="a", message="1.1.1.1,tcp/1")
    whole = whole_blocks()
    good("legacy without padding", mode="legacy", hmac=None, canonical=False, padded=lambda plain: plain.encode(), **whole)
    good("legacy with a block of padding", mode="legacy", hmac=None, **whole)


def good_gpg(name, data, hmac="sha256", old=True):
    """`old`: servers of fwknop's can read it."""
    keys = Keys(name, hmac=hmac)
    whole = b64(data)
    text = whole[2:] + keys.add_hmac(whole)
    assert judge_gpg(text, keys) == data.hex(), (name, judge_gpg(text, keys))
    assert (whole[:2] == "hQ") == old, name
    GOOD_GPG.append({"name": name, "hmac": keys.json()["hmac"], "old": old, "openPgp": data.hex(), "text": text})


def make_good_gpg():
    for bits, length in ((2048, 268), (3072, 396), (4096, 524)):
        for hmac in ("sha256", None):
            good_gpg(f"RSA-{bits}, HMAC {hmac}", session_key(f"r{bits}", length, 2) + data_packet("d", 330), hmac)
    for hmac in DIGESTS:
        good_gpg(f"HMAC {hmac}", session_key(hmac, 268, 2) + data_packet(hmac, 493), hmac)
    for length in (94, 110, 126, 158, 191, 15, 31, 255):
        for hmac in ("sha512", None):
            good_gpg(f"session key of {length} bytes, HMAC {hmac}", session_key(str(length), length, 1) + data_packet("e", 300), hmac, old=False)
    good_gpg("two recipients", session_key("a", 268, 2) + session_key("b", 94, 1) + data_packet("d", 330))
    good_gpg("two recipients, the other way round", session_key("b", 94, 1) + session_key("a", 268, 2) + data_packet("d", 330), old=False)
    good_gpg("data in pieces", session_key("p", 268, 2) + partial_packet(18, b"\x01" + chance("data", "p", 599), 9))
    good_gpg("data with AEAD", session_key("a", 268, 2) + new_packet(20, b"\x01" + chance("data", "a", 299)))
    good_gpg("fewer letters than Rijndael's", session_key("s", 94, 1) + data_packet("s", 40), None, old=False)


# --- bad vectors ------------------------------------------------------------------------------------------------


def bad(name, rejection, text, keys):
    verdict = judge(text, keys)
    assert verdict == rejection, (name, rejection, verdict, len(text))
    BAD.append({"name": name, **keys.json(), "rejection": rejection, "text": text})


def bad_plain(name, rejection, plain, mode="cbc", hmac="sha512"):
    keys = Keys(name, mode, hmac)
    bad(name, rejection, keys.text_of_plain(plain), keys)


def bad_fields(name, rejection, digest="sha256", **fields):
    bad_plain(name, rejection, plain_of(fields_of(**fields), digest))


def next_letter(letter, step=1):
    return LETTERS[(LETTERS.index(letter) + step) % 64]


def at(text, place, letter):
    place %= len(text)
    return text[:place] + letter + text[place + 1 :]


def make_bad_shapes():
    keys = Keys("shape")
    text = keys.text_of_plain(plain_of(fields_of()))
    for length in (0, 1, 36, 139):
        bad(f"{length} letters", "wrong-size", text[:length], keys)
    for length in (1501, 2000):
        bad(f"{length} letters", "wrong-size", (text * 10)[:length], keys)
    bad("1500 letters", "bad-mac", (text * 10)[:1500], keys)
    bad("140 letters of nothing", "bad-mac", text[:140], keys)
    bad("Salted__ put in front", "refused-prefix", SALT_PREFIX + text, keys)
    bad("hQ put in front of a long text", "refused-prefix", "hQ" + (text * 3), keys)
    bad("hQ at 401 letters", "refused-prefix", ("hQ" + text * 3)[:401], keys)
    bad("hQ at 400 letters", "bad-mac", ("hQ" + text * 3)[:400], keys)
    bare = Keys("bare", hmac=None)
    bare_text = bare.text_of_plain(plain_of(fields_of()))
    for with_hmac, key, body in (("an HMAC", keys, text), ("no HMAC", bare, bare_text)):
        for what, tail in (("=", "="), ("==", "=="), ("= and more", "=AAA"), ("a newline", "\n"), ("a blank", " "), ("a zero byte", "\0"), ("a high byte", "\xff")):
            bad(f"{what} behind, {with_hmac}", "bad-alphabet", body + tail, key)
        for what, letter in (("-", "-"), ("_", "_"), (".", "."), ("%", "%"), ("=", "=")):
            bad(f"{what} within, {with_hmac}", "bad-alphabet", at(body, 50, letter), key)
        bad(f"a newline in front, {with_hmac}", "bad-alphabet", "\n" + body, key)


def make_bad_hmacs():
    for name in DIGESTS:
        keys = Keys(f"hmac {name}", hmac=name)
        plain = plain_of(fields_of())
        text, length = keys.text_of_plain(plain), DIGESTS[name]
        bad(f"{name}: first letter of the HMAC", "bad-mac", at(text, -length, next_letter(text[-length])), keys)
        bad(f"{name}: last letter of the HMAC", "bad-mac", at(text, -1, next_letter(text[-1])), keys)
        bad(f"{name}: last letter before the HMAC", "bad-mac", at(text, -length - 1, next_letter(text[-length - 1])), keys)
        bad(f"{name}: a letter in the middle", "bad-mac", at(text, 40, next_letter(text[40])), keys)
        bad(f"{name}: one letter short", "bad-mac", text[:-1], keys)
        bad(f"{name}: one letter more", "bad-mac", text + "A", keys)
        bare = Keys(f"hmac {name}", hmac=None)
        bad(f"{name}: no HMAC", "bad-mac", bare.text_of_plain(plain), keys)
        bad(f"{name}: HMAC where none is expected", "bad-encoding", text, bare)
        other = Keys("another", hmac=name)
        bad(f"{name}: another key", "bad-mac", text, other)
        whole = b64(keys.sealed(pad(plain.encode())))
        wrong = b64(mac_of(keys.hmac_key, name, whole[10:].encode()))
        bad(f"{name}: HMAC without the prefix", "bad-mac", whole[10:] + wrong, keys)
        wrong = b64(mac_of(keys.hmac_key, name, keys.sealed(pad(plain.encode()))))
        bad(f"{name}: HMAC of the bytes", "bad-mac", whole[10:] + wrong, keys)
    for one, two in (("sha256", "sha3_256"), ("sha512", "sha3_512")):
        for a, b in ((one, two), (two, one)):
            text = Keys("pair", hmac=a).text_of_plain(plain_of(fields_of()))
            bad(f"HMAC {a} where {b} is expected", "bad-mac", text, Keys("pair", hmac=b))
    keys = Keys("low")
    text = keys.text_of_plain(plain_of(fields_of()))
    for step in (1, 2, 3):
        low = next_letter(text[-1], step)
        assert base64.b64decode(text[-43:] + "=") == base64.b64decode(text[-43:-1] + low + "=")
        bad(f"unused bits of the HMAC, {step}", "bad-mac", at(text, -1, low), keys)
    keys = Keys("short", hmac="sha512")
    for length in (55, 85):
        front = "8" + "A" * (length - 1)
        bad(f"{length} letters before the HMAC", "bad-encoding", front + keys.add_hmac(SALT_PREFIX + front), keys)
    for first in "A7hQz":
        front = first + text[1:-43]
        bad(f"HMAC of a text that begins with {first}", "bad-mac", front + Keys("low").add_hmac(SALT_PREFIX + front), Keys("low"))


def make_bad_encodings():
    keys = Keys("encoding", hmac=None)
    lengths = set()
    for size in range(1, 49):
        plain = plain_of(fields_of(user="u" * size))
        text = keys.text_of_plain(plain)
        rest = (len(text) + 10) % 4
        if rest == 0 or rest in lengths:
            continue
        lengths.add(rest)
        for step in range(1, 16 if rest == 2 else 4):
            low = next_letter(text[-1], step)
            bad(f"unused bits, {rest} letters in the last group, {step}", "bad-encoding", at(text, -1, low), keys)
    text = keys.text_of_plain(plain_of(fields_of()))
    for count in (1, 2, 3, 4, 8):
        bad(f"{count} letters short", "bad-encoding", text[:-count], keys)
        bad(f"{count} letters more", "bad-encoding", text + "A" * count, keys)
    for first in LETTERS[:60:7]:
        bad(f"first letter {first}", "bad-encoding", at(text, 0, first), keys)
    whole = b64(keys.sealed(pad(plain_of(fields_of()).encode()), b"salted__"))
    bad("another mark than Salted__", "refused-prefix" if whole.startswith(SALT_PREFIX) else "bad-encoding", whole, keys)
    hmac_keys = Keys("cut blocks")
    whole = b64(hmac_keys.sealed(pad(plain_of(fields_of()).encode()))[:-1])
    bad("one byte short of whole blocks, with a right HMAC", "bad-encoding", whole[10:] + hmac_keys.add_hmac(whole), hmac_keys)
    whole = b64(hmac_keys.sealed(pad(plain_of(fields_of()).encode())))
    for step in (1, 2, 3):
        low = at(whole, -1, next_letter(whole[-1], step))
        if unb64(low) is None:
            bad(f"unused bits under a right HMAC, {step}", "bad-encoding", low[10:] + hmac_keys.add_hmac(low), hmac_keys)
    gpg = b64(session_key("x", 268, 2) + data_packet("x", 330))
    bad("a text of GnuPG's", "bad-encoding", gpg[2:], keys)
    bad("a text of GnuPG's with a right HMAC", "bad-mac", gpg[2:] + hmac_keys.add_hmac(gpg), hmac_keys)


def flip(data, place):
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def make_bad_seals():
    plain = plain_of(fields_of())
    for mode in MODES:
        keys = Keys(f"seal {mode}", mode, None)
        text = keys.text_of_plain(plain)
        other = Keys(f"seal {mode}", mode, None, passphrase=b"another")
        bad(f"{mode}: another passphrase", "unsealing-failed", text, other)
        for wrong in MODES[:5]:
            if wrong != mode:
                reader = Keys(f"seal {mode}", wrong, None)
                bad(f"sealed with {mode}, read with {wrong}", "unsealing-failed", text, reader)
        sealed = keys.sealed(pad(plain.encode()))
        for place in (8, 16, 32, 60, 100):
            altered = b64(flip(sealed, place))[10:]
            verdict = judge(altered, keys)
            assert verdict in ("unsealing-failed", "bad-digest"), (mode, place, verdict)
            bad(f"{mode}: a bit of byte {place}", verdict, altered, keys)
        verdict = judge(b64(flip(sealed, len(sealed) - 1))[10:], keys)
        assert verdict in ("unsealing-failed", "bad-digest"), (mode, verdict)
        bad(f"{mode}: a bit of the last byte", verdict, b64(flip(sealed, len(sealed) - 1))[10:], keys)
        verdict = judge(b64(sealed[:-16])[10:], keys)
        bad(f"{mode}: a block short", verdict, b64(sealed[:-16])[10:], keys)
        verdict = judge(b64(sealed + sealed[-16:])[10:], keys)
        bad(f"{mode}: a block more", verdict, b64(sealed + sealed[-16:])[10:], keys)
    body = plain.encode()
    missing = 16 - len(body) % 16
    for name, padding in (
        ("zeros", bytes(missing)),
        ("none that fits", b"\x00" * (missing - 1) + bytes([missing])),
        ("17", bytes([17]) * missing),
        ("one too many", bytes([missing + 1]) * missing),
        ("text", b"x" * missing),
    ):
        for mode in ("cbc", "ctr"):
            keys = Keys(f"padding {name} {mode}", mode)
            bad(f"padding of {name}, {mode}", "unsealing-failed", keys.text(body + padding), keys)
    keys = Keys("two blocks of padding")
    bad("a block of padding too many", "unsealing-failed", keys.text(pad(body) + bytes([16]) * 16), keys)
    keys = Keys("none at all")
    bad("no padding at all", "unsealing-failed", keys.text(plain_of(fields_of(**whole_blocks())).encode()), keys)
    keys = Keys("legacy wrong", "legacy", None)
    bad("legacy, padding of zeros", "unsealing-failed", keys.text(body + bytes(missing)), keys)


def make_bad_plains():
    fields = fields_of()
    plain = plain_of(fields)
    bad_plain("35 characters", "unsealing-failed", plain[:35])
    bad_plain("36 characters", "bad-digest", plain[:36])
    for random in ("", "436073776184896", "43607377618489611", "436073776184896a", "4360737761848 61", "-360737761848961", "0x60737761848961"):
        bad_fields(f"random {random!r}", "unsealing-failed", random=random)
    for byte in (0x00, 0x09, 0x0A, 0x1F, 0x7F, 0x80, 0xFF):
        raw = fields_of(version="3" + chr(byte))
        bad_plain(f"byte 0x{byte:02x} in the version", "unsealing-failed", plain_of(raw).encode("latin1"))
    bad_plain("a newline behind", "unsealing-failed", plain + "\n")
    bad_plain("a zero byte behind", "unsealing-failed", plain + "\0")
    for name, length in DIGESTS.items():
        right = plain_of(fields, name)
        bad_plain(f"{name}: last letter of the digest", "bad-digest", at(right, -1, next_letter(right[-1], 4 if length % 4 == 3 else 16 if length % 4 == 2 else 1)))
        bad_plain(f"{name}: first letter of the digest", "bad-digest", at(right, -length, next_letter(right[-length])))
        bad_plain(f"{name}: digest one letter short", "bad-digest", right[:-1])
        bad_plain(f"{name}: digest one letter longer", "bad-digest", right + "A")
        bad_plain(f"{name}: digest of other fields", "bad-digest", at(right, 20, next_letter(right[20])))
        if length % 4:
            bad_plain(f"{name}: unused bits of the digest", "bad-digest", at(right, -1, next_letter(right[-1])))
            bad_plain(f"{name}: padded digest", "bad-digest", right + "=")
        bad_plain(f"{name}: digest of the fields and a colon", "bad-digest", f"{fields}:{b64(digest_of(name, (fields + ':').encode()))}")
    bad_plain("no digest", "bad-digest", fields)
    bad_plain("empty digest", "bad-digest", fields + ":")
    bad_plain("digest in hexadecimal", "bad-digest", f"{fields}:{hashlib.md5(fields.encode()).hexdigest()}")
    bad_plain("a colon behind the digest", "bad-digest", plain + ":")


def make_bad_fields():
    five = ":".join(fields_of().split(":")[:5])
    bad_plain("five fields", "bad-fields", plain_of(five, "sha512"))
    bad_plain("two fields", "bad-fields", plain_of("4360737761848961:cm9vdA"))
    for number, sample in enumerate(SAMPLES):
        name = TYPES[number]
        bad_fields(f"{name}: two fields more", "bad-fields", **{**sample, "auth": "x", "more": b64("y"), "more2": b64("z")})
        if number in HAS_NAT:
            bad_fields(f"{name}: no nat", "bad-fields", **{**sample, "nat": None})
        if number in HAS_TIMEOUT:
            bad_fields(f"{name}: no timeout", "bad-fields", **{**sample, "timeout": None})
    bad_fields("access with nat and timeout", "bad-fields", nat="10.0.0.1,22", timeout=5)
    bad_fields("server_auth empty", "bad-fields", auth="")
    bad_fields("server_auth of 193 characters", "bad-fields", auth="s" * 193)
    bad_fields("server_auth with a control character", "bad-fields", auth="a\nb")
    bad_fields("server_auth padded", "bad-fields", raw_auth="eA==")
    bad_fields("server_auth that is no base64", "bad-fields", raw_auth="a!b")
    bad_fields("server_auth with unused bits", "bad-fields", raw_auth="eB")
    for name, raw in (("empty", ""), ("padded", "cm9vdA=="), ("unused bits", "cm9vdB"), ("no base64", "cm9v dA"), ("of 4n + 1 letters", "cm9vd"), ("url alphabet", "_-__")):
        bad_plain(f"user {name}", "bad-user", plain_of(fields_of().replace("cm9vdA", raw, 1)))
    bad_fields("user of 49 characters", "bad-user", user="a" * 49)
    for char in '"/\\[]:;|=,+*?<>\n\t\x7fé':
        bad_fields(f"user with {char!r}", "bad-user", user=f"a{char}b")
    for time in ("", "00", "01795175774", "1795175774a", "-1", "+1", "1e9", " 1", "1.5", "0x10", "1000000000000"):
        bad_fields(f"time {time!r}", "bad-time", time=time)
    for version in ("", "123456789"):
        bad_fields(f"version {version!r}", "bad-version", version=version)
    for kind in ("", "7", "9", "01", "1x", "10", "-1", " 1", "+1"):
        bad_fields(f"type {kind!r}", "unknown-type", type=kind)
    for name, raw in (("empty", ""), ("padded", "MS4yLjMuNCx0Y3AvMjI="), ("with unused bits", "MS4yLjMuNCx0Y3AvMjJ"), ("that is no base64", "MS4y!"), ("in the url alphabet", "MS4yLjMuNCx0Y3Av-_"), ("of 4n + 1 letters", "MS4yL")):
        bad_plain(f"message {name}", "bad-message", plain_of(fields_of().replace(b64("192.0.2.1,tcp/22"), raw)))
    bad_fields("message of 193 bytes", "bad-message", type=0, message="192.0.2.1," + "c" * 183)
    bad_fields("message without a comma", "bad-message", message="192.0.2.1")
    bad_fields("message that is no UTF-8", "bad-message", type=0, message=b"192.0.2.1,\xff")
    bad_fields("message with an overlong form", "bad-message", type=0, message=b"192.0.2.1,\xc0\xaf")
    bad_fields("message with half a character", "bad-message", type=0, message=b"192.0.2.1,\xed\xa0\x80")
    for address in (
        *("", "1.2.3", "1.2.3.4.5", "1.2.3.256", "010.1.1.1", "1.1.1.08", "00.0.0.0", "1.2.3.4 ", " 1.2.3.4", "0x1.2.3.4", "16909060", "a.b.c.d"),
        *("1.2.3.4/32", "::ffff:1.2.3.4", "::ffff:102:304", "2001:DB8::1", "2001:db8:0:0:0:0:0:1", "2001:0db8::1", "fe80::1%eth0", "[::1]", "1::2::3", "::1.2.3.4", "host"),
    ):
        bad_fields(f"address {address!r}", "bad-address", message=f"{address},tcp/22")
    for ports in (
        *("", "22", "tcp", "tcp/", "/22", "tcp/0", "tcp/00000", "tcp/65536", "tcp/99999", "tcp/000022", "tcp/-1", "tcp/+22", "tcp/2 2", "tcp/22 ", " tcp/22", "TCP/22"),
        *("icmp/8", "none/0", "sctp/22", "tcp/22,", ",tcp/22", "tcp/22,,udp/53", "tcp/22;udp/53", "tcp/22-23", "tcp/22, udp/53", "tcp/0x16", "tcp/22/23", "tcp\n/22", "tcp/२२"),
    ):
        bad_fields(f"ports {ports!r}", "bad-ports", message=f"192.0.2.1,{ports}")
    bad_fields("no command", "bad-command", type=0, message="192.0.2.1,")
    for char in "\0\n\r\x0b\x1b\x1f\x7f":
        bad_fields(f"command with {char!r}", "bad-command", type=0, message=f"192.0.2.1,a{char}b")
    for nat in ("", "10.0.0.1", "10.0.0.1,", ",22", "10.0.0.1,0", "10.0.0.1,65536", "10.0.0.1,022", "10.0.0.1,22,23", "10.0.0.1, 22", "a b,22", "a/b,22", "a?b,22", "a'b,22", 'a"b,22', "a\\b,22", "a`b,22", "a$b,22", "h" * 71 + ",22", "é,22", "a\n,22", "10.0.0.1:22"):
        bad_fields(f"nat {nat!r}", "bad-forward", type=2, nat=nat)
    bad_fields("nat padded", "bad-forward", type=2, raw_nat="YSwxMQ==")
    bad_fields("nat with unused bits", "bad-forward", type=2, raw_nat="YSwxMR")
    for timeout in ("", "00", "01", "060", "65537", "66000", "99999", "131072", "-1", "+1", "1.5", "1s", " 1"):
        bad_fields(f"timeout {timeout!r}", "bad-timeout", type=3, timeout=timeout)
    bad_fields("timeout before nat", "bad-forward", type=4, message="192.0.2.1,tcp/22", raw="60", raw2=b64("10.0.0.1,22"))
    bad_fields("server_auth behind the timeout", "bad-fields", type=3, timeout=None, raw="60", raw2=b64("auth"))


def bad_gpg(name, rejection, text, keys):
    verdict = judge_gpg(text, keys)
    assert verdict == rejection, (name, rejection, verdict)
    BAD_GPG.append({"name": name, "hmac": keys.json()["hmac"], "rejection": rejection, "text": text})


def make_bad_gpg():
    data = session_key("a", 268, 2) + data_packet("a", 330)
    curve = session_key("c", 94, 1) + data_packet("c", 330)
    keys, bare = Keys("gpg"), Keys("gpg", hmac=None)

    def text_of(message, prefix=None):
        whole = b64(message)
        signed = whole if prefix is None else prefix + whole[2:]
        return whole[2:] + keys.add_hmac(signed)

    text = text_of(data)
    bad_gpg("hQ put in front", "refused-prefix", "hQ" + text, keys)
    bad_gpg("hF put in front", "bad-mac", "hF" + text_of(curve), keys)
    bad_gpg("hF put in front, no HMAC", "bad-encoding", b64(curve), bare)
    bad_gpg("= behind", "bad-alphabet", b64(data)[2:] + "=", bare)
    bad_gpg("HMAC with hQ where hF belongs", "bad-mac", text_of(curve, "hQ"), keys)
    bad_gpg("HMAC with nothing in front", "bad-mac", text_of(data, ""), keys)
    bad_gpg("HMAC where none is expected", "bad-encoding", text, bare)
    bad_gpg("no HMAC", "bad-mac", b64(data)[2:], keys)
    for place in (0, 5, 300, -44, -43, -1):
        bad_gpg(f"letter {place}", "bad-mac", at(text, place, next_letter(text[place])), keys)
    odd = next(d for d in (session_key("a", 268, 2) + data_packet("o", n) for n in range(300, 304)) if len(d) % 3 == 1)
    low = b64(odd)[2:]
    for step in (1, 15):
        bad_gpg(f"unused bits, {step}", "bad-encoding", at(low, -1, next_letter(low[-1], step)), bare)
    for name, message in (
        ("a byte short", data[:-1]),
        ("a byte more", data + b"\0"),
        ("a block short", data[:-16]),
        ("data twice", data + data_packet("b", 200)),
        ("session keys only", session_key("a", 268, 2) + session_key("b", 268, 2)),
        ("session key of version 6", session_key("a", 268, 2, 6) + data_packet("a", 330)),
        ("session key of version 2", session_key("a", 94, 1, 2) + data_packet("a", 330)),
        ("session key of version 2, then 3", old_packet(1, b"\x02\x03" + chance("session", "v", 92), 1) + data_packet("a", 330)),
        ("data with no protection (tag 9)", session_key("a", 268, 2) + new_packet(9, chance("data", "u", 330))),
        ("a passphrase beside the key", session_key("a", 268, 2) + new_packet(3, b"\x04" + bytes(12)) + data_packet("a", 330)),
        ("data without an end", session_key("a", 268, 2) + bytes([0x80 | 9 << 2 | 3]) + chance("data", "u", 330)),
        ("pieces without a last one", session_key("a", 268, 2) + bytes([0xC0 | 18, 0xE9]) + bytes([1]) + chance("data", "u", 511)),
        ("five octets of length", session_key("a", 268, 2) + bytes([0xC0 | 18, 0xFF]) + (330).to_bytes(4, "big") + b"\x01" + chance("data", "u", 329)),
    ):
        bad_gpg(name, "bad-encoding", b64(message)[2:], bare)
        bad_gpg(f"{name}, with a right HMAC", "bad-mac", text_of(message), keys)
    rijndael = Keys("gpg")
    bad_gpg("a text of Rijndael's with a right HMAC", "bad-mac", rijndael.text_of_plain(plain_of(fields_of())), keys)


# --- files ------------------------------------------------------------------------------------------------------


def render(about, rijndael, gpg):
    for vectors in (rijndael, gpg):
        names = [vector["name"] for vector in vectors]
        twice = {name for name in names if names.count(name) > 1}
        assert not twice, twice
    return json.dumps({"about": about, "rijndael": rijndael, "gpg": gpg}, indent=1, ensure_ascii=True) + "\n"


def main():
    self_check()
    make_good()
    make_good_gpg()
    for make in (make_bad_shapes, make_bad_hmacs, make_bad_encodings, make_bad_seals, make_bad_plains, make_bad_fields, make_bad_gpg):
        make()
    here = os.path.dirname(os.path.abspath(__file__))
    stale = []
    for file, content in (
        ("good.json", render("What a writer makes and a reader takes. Keys are for tests only.", GOOD, GOOD_GPG)),
        ("bad.json", render("What a reader refuses. Texts are ISO 8859-1. Keys are for tests only.", BAD, BAD_GPG)),
    ):
        path = os.path.join(here, file)
        if "--check" in sys.argv[1:]:
            if not os.path.exists(path) or open(path, encoding="utf-8").read() != content:
                stale.append(file)
        else:
            with open(path, "w", encoding="utf-8") as out:
                out.write(content)
    if stale:
        sys.exit(f"not what the oracle writes: {', '.join(stale)}")


main()
