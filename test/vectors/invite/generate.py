#!/usr/bin/env python3
"""
The oracle of invites, format spa1-: writes good.json and bad.json next to itself.

Written from docs/invite.md and RFC 7914 alone; it shares no code with the TypeScript it judges. XChaCha20-Poly1305 comes from the
oracle of the native packet, scrypt from OpenSSL through hashlib. Secrets and salts come from SHA-256 of a vector's name, so
that a run always writes the same bytes.

    python3 test/vectors/invite/generate.py            write the files
    python3 test/vectors/invite/generate.py --check    exit 1 if the files differ from what would be written
"""
import base64
import hashlib
import importlib.util
import json
import os
import sys
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
PROTOCOLS = {"tcp": 6, "udp": 17}


def native_oracle():
    path = os.path.join(HERE, "..", "native", "generate.py")
    spec = importlib.util.spec_from_file_location("native_oracle", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NATIVE = native_oracle()

# --- GF(1024), by carry-less multiplication: no tables, as slow as it is plain -------------------------------------


def multiply(a, b):
    product = 0
    for bit in range(10):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(18, 9, -1):
        if product >> bit & 1:
            product ^= 0b10000001001 << (bit - 10)
    return product


def power(base, exponent):
    result = 1
    for _ in range(exponent):
        result = multiply(result, base)
    return result


ROOTS = [power(2, j) for j in (1, 2, 3, 4)]


def generator():
    poly = [1]
    for root in ROOTS:
        shifted = [*poly, 0]
        scaled = [0, *[multiply(value, root) for value in poly]]
        poly = [a ^ b for a, b in zip(shifted, scaled)]
    return poly


GENERATOR = generator()


def check_symbols(symbols):
    rest = [*symbols, 0, 0, 0, 0]
    for index in range(len(symbols)):
        factor = rest[index]
        for offset, value in enumerate(GENERATOR):
            rest[index + offset] ^= multiply(factor, value)
    return rest[-4:]


def value_at(symbols, point):
    total = 0
    for symbol in symbols:
        total = multiply(total, point) ^ symbol
    return total


# --- writing -----------------------------------------------------------------------------------------------------


def to_symbols(payload):
    bits = int.from_bytes(payload, "big")
    count = len(payload) * 8 // 10
    return [bits >> 10 * (count - 1 - index) & 1023 for index in range(count)]


def to_text(payload):
    assert len(payload) % 5 == 0
    symbols = to_symbols(payload)
    symbols += check_symbols(symbols)
    assert all(value_at(symbols, root) == 0 for root in ROOTS)
    return "spa1-" + "".join(LETTERS[s >> 5] + LETTERS[s & 31] for s in symbols)


def counted(data):
    return bytes([len(data)]) + data


def fields(invite):
    flags = (1 if invite["reply"] else 0) + (2 if "replaces" in invite else 0)
    body = bytes([flags]) + invite["endSeconds"].to_bytes(4, "big")
    body += base64.b64decode(invite["secret"]) + invite["port"].to_bytes(2, "big")
    body += counted(invite["server"].encode("utf-8"))
    body += bytes([len(invite["hosts"])]) + b"".join(counted(host.encode("ascii")) for host in invite["hosts"])
    body += bytes([len(invite["ports"])])
    for spec in invite["ports"]:
        protocol, numbers = spec.split("/")
        first, _, last = numbers.partition("-")
        body += bytes([PROTOCOLS[protocol]]) + int(first).to_bytes(2, "big") + int(last or first).to_bytes(2, "big")
    if "replaces" in invite:
        body += bytes.fromhex(invite["replaces"].replace(":", ""))
    return body


def padded(body, before):
    return body + bytes(-(before + len(body)) % 5)


def plain(body):
    return b"\0" + padded(body, 1)


def scrypt(passphrase, salt, cost):
    text = unicodedata.normalize("NFKC", passphrase).encode("utf-8")
    return hashlib.scrypt(text, salt=salt, n=1 << cost, r=8, p=1, maxmem=1 << 30, dklen=56)


def sealed(body, passphrase, salt, cost):
    head = bytes([1, cost]) + salt
    keys = scrypt(passphrase, salt, cost)
    box = NATIVE.xaead_seal(keys[:32], keys[32:], b"spa1 invite" + head, padded(body, len(head) + 16))
    return head + box


def chance(name, length):
    return hashlib.sha256(name.encode()).digest()[:length]


# --- vectors -----------------------------------------------------------------------------------------------------


def invite(name, **other):
    return {
        "secret": base64.b64encode(chance(name, 32)).decode(),
        "server": "gw1",
        "hosts": ["gw1.example.net"],
        "port": 62201,
        "ports": ["tcp/22"],
        "reply": True,
        "endSeconds": 1_767_312_000,
        **other,
    }


def fingerprint(secret):
    text = hashlib.sha256(b"spa fingerprint " + secret).hexdigest()[:16]
    return ":".join(text[at : at + 4] for at in range(0, 16, 4))


def good_vectors():
    cases = {
        "the usual one": {},
        "an address": {"hosts": ["203.0.113.7"]},
        "four ways": {"hosts": ["gw1.example.net", "203.0.113.7", "2001:db8::7", "10.0.0.1"]},
        "a server with a long name": {"server": "ü" * 32, "port": 1},
        "no reply, no port": {"reply": False, "ports": [], "port": 65535},
        "as many ports as there may be": {"ports": [f"tcp/{n}" for n in range(1, 17, 2)] + [f"udp/{n}-{n + 1}" for n in range(1, 32, 4)]},
        "a new secret for an old one": {"replaces": fingerprint(chance("the old one", 32))},
        "the same without a reply": {"replaces": fingerprint(chance("the old one", 32)), "reply": False},
        "the shortest": {"server": "a", "hosts": ["b"], "ports": [], "endSeconds": 0},
        "the longest": {
            "server": "s" * 64,
            "hosts": [letter * 253 for letter in "abcd"],
            "ports": [f"tcp/{n}" for n in range(1, 32, 2)],
            "endSeconds": 0xFFFFFFFF,
        },
    }
    for pad in range(5):
        cases[f"a host of {pad + 1} letters"] = {"hosts": ["h" * (pad + 1)]}
    vectors = []
    for name, other in cases.items():
        content = invite(name, **other)
        payload = plain(fields(content))
        vectors.append({"name": name, "invite": content, "payload": payload.hex(), "text": to_text(payload)})
    phrases = {"sealed": ("correct horse", 14), "sealed, in another form": ("ﬁne Å", 14), "sealed, as it is written": ("battery staple", 16)}
    for name, (passphrase, cost) in phrases.items():
        content = invite(name)
        salt = chance(name + " salt", 16)
        payload = sealed(fields(content), passphrase, salt, cost)
        extra = {"passphrase": passphrase, "salt": salt.hex(), "cost": cost}
        vectors.append({"name": name, "invite": content, **extra, "payload": payload.hex(), "text": to_text(payload)})
    return vectors


def changed(text, place, letter):
    """The letter at `place`, from 1 after the prefix."""
    at = 5 + place - 1
    assert text[at] != letter
    return text[:at] + letter + text[at + 1 :]


def other_letter(text, place, step=1):
    return LETTERS[(LETTERS.index(text[5 + place - 1]) + step) % 32]


def malformed_bodies():
    base = fields(invite("malformed"))
    head = base[:39]
    # Where the parts begin: flags 0, end 1, secret 5, port 37, server 39.
    server, hosts, ports = base[39:43], base[43:60], base[60:]
    assert server == b"\x03gw1" and hosts[0] == 1 and ports[0] == 1
    cases = {
        "a secret of equal bytes": base[:5] + bytes(32) + base[37:],
        "port 0": base[:37] + b"\0\0" + base[39:],
        "a server without a name": head + b"\0" + hosts + ports,
        "a server with a control character": head + b"\x03g\n1" + hosts + ports,
        "a server that is no UTF-8": head + b"\x03g\xff1" + hosts + ports,
        "a server of 65 bytes": head + counted(b"s" * 65) + hosts + ports,
        "no host": head + server + b"\0" + ports,
        "five hosts": head + server + b"\x05" + b"".join(counted(b"abcde"[i : i + 1]) for i in range(5)) + ports,
        "a host twice": head + server + b"\x02" + counted(b"a") * 2 + ports,
        "a host without a letter": head + server + b"\x01\0" + ports,
        "a host of 254 letters": head + server + b"\x01" + counted(b"h" * 254) + ports,
        "a host with a blank": head + server + b"\x01" + counted(b"a b") + ports,
        "a host that begins with a hyphen": head + server + b"\x01" + counted(b"-oProxy") + ports,
        "17 ports": head + server + hosts + b"\x11" + b"".join(b"\x06" + n.to_bytes(2, "big") * 2 for n in range(1, 35, 2)),
        "ports that touch": head + server + hosts + b"\x02" + b"\x06\0\x16\0\x16" + b"\x06\0\x17\0\x17",
        "a port of another protocol": head + server + hosts + b"\x01\x01\0\x16\0\x16",
        "cut short": base[:58],
        "a fingerprint that is cut short": bytes([3]) + base[1:] + bytes([1, 2, 3]),
    }
    return cases


def bad_vectors():
    good = to_text(plain(fields(invite("a good one"))))
    count = len(good) - 5
    vectors = []

    def add(name, text, fault, **facts):
        vectors.append({"name": name, "text": text, "fault": {"kind": fault, **facts}})

    add("nothing", "", "empty")
    add("blanks", " \n\t", "empty")
    add("something else", "hello", "no-invite")
    add("letters without the prefix", good[5:], "no-invite")
    add("version 2", "spa2-" + good[5:], "newer")
    add("the prefix alone", "spa1-", "wrong-length", letters=0)
    add("a letter that there is none of", changed(good, 7, "u"), "stray-letter", place=7, letter="u")
    add("a sign", changed(good, 1, "!"), "stray-letter", place=1, letter="!")
    add("a letter is missing", good[:40] + good[41:], "wrong-length", letters=count - 1)
    add("a letter twice", good[:40] + good[39] + good[40:], "wrong-length", letters=count + 1)
    add("8 letters are missing", good[:-8], "mistyped", places=[], letters="")
    for place in (1, 2, 41, count - 8, count - 7, count):
        wrong = changed(good, place, other_letter(good, place))
        add(f"letter {place} mistyped", wrong, "mistyped", places=[place], letters=good[5 + place - 1])
    both = changed(changed(good, 11, other_letter(good, 11)), 12, other_letter(good, 12, 5))
    add("letters 11 and 12 mistyped", both, "mistyped", places=[11, 12], letters=good[15:17])
    two = changed(changed(good, 12, other_letter(good, 12)), 13, other_letter(good, 13))
    add("letters 12 and 13 mistyped", two, "mistyped", places=[], letters="")
    add("letters 5 and 60 mistyped", changed(changed(good, 5, other_letter(good, 5)), 60, other_letter(good, 60, 9)), "mistyped", places=[], letters="")
    body = fields(invite("newer"))
    add("kind 2", to_text(b"\x02" + padded(body, 1)), "newer")
    add("a flag that nobody knows", to_text(plain(bytes([5]) + body[1:])), "newer")
    for cost in (13, 19):
        add(f"cost {cost}", to_text(bytes([1, cost]) + bytes(58)), "newer")
    for name, wrong in malformed_bodies().items():
        add(name, to_text(plain(wrong)), "malformed")
    add("padding that is not zero", to_text(b"\0" + padded(body, 1)[:-1] + b"\x01"), "malformed")
    add("more padding than needed", to_text(b"\0" + padded(body, 1) + bytes(5)), "malformed")
    add("no room for a body", to_text(bytes(50)), "malformed")
    return vectors


def check_oracle():
    """RFC 7914, section 12, the second vector; and that α has order 1023."""
    expected = "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
    found = hashlib.scrypt(b"password", salt=b"NaCl", n=1024, r=8, p=16, maxmem=1 << 30, dklen=64)
    assert found.hex().startswith(expected)
    assert power(2, 1023) == 1 and all(power(2, 1023 // prime) != 1 for prime in (3, 11, 31))


def main():
    check_oracle()
    files = {"good.json": good_vectors(), "bad.json": bad_vectors()}
    wrong = []
    for name, vectors in files.items():
        text = json.dumps({"vectors": vectors}, indent=1, ensure_ascii=False) + "\n"
        path = os.path.join(HERE, name)
        if "--check" in sys.argv[1:]:
            with open(path, encoding="utf-8") as file:
                if file.read() != text:
                    wrong.append(name)
        else:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    if wrong:
        sys.exit(f"differ from what would be written: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
