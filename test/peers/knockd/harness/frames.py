"""Puts hand-made frames on eth0 (frames.py SERVER_MAC), or makes a tun interface receive them (frames.py tunN).

Reads lines of frames with blanks between, and says "sent" after each. A frame is KEY=VALUE,...: src dst sport dport,
proto (tcp, udp), flags (letters of FSRPAUEC, "-" for none), data, and
  bad=1        a wrong checksum
  opts=1       IPv4 options, or in IPv6 a hop-by-hop header, before the port numbers
  frag=first   the first fragment of a longer packet; frag=later one that follows
  mac=M        another link-layer destination
  vlan=N       an 802.1Q tag
  wait=S       seconds to wait afterwards
"""
import fcntl
import ipaddress
import os
import socket
import struct
import sys
import time

FLAGS = {letter: 1 << bit for bit, letter in enumerate("FSRPAUEC")}


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def transport(spec, pseudo):
    sport, dport = int(spec.get("sport", "40000")), int(spec["dport"])
    data = spec.get("data", "").encode()
    if spec.get("proto", "tcp") == "udp":
        head, at, number = struct.pack("!4H", sport, dport, 8 + len(data), 0), 6, 17
    else:
        flags = sum(FLAGS[letter] for letter in spec.get("flags", "S") if letter != "-")
        head, at, number = struct.pack("!HHIIBB3H", sport, dport, 1, 0, 0x50, flags, 1024, 0, 0), 16, 6
    total = checksum(pseudo + struct.pack("!HH", number, len(head) + len(data)) + head + data)
    if "bad" in spec:
        total ^= 0x5555
    return number, head[:at] + struct.pack("!H", total) + head[at + 2 :] + data


def packet4(spec, src, dst):
    number, payload = transport(spec, src.packed + dst.packed)
    options = b"\x01\x01\x01\x00" if "opts" in spec else b""
    fragment = {"first": 0x2000, "later": 0x0005}.get(spec.get("frag"), 0)
    length = 20 + len(options) + len(payload)
    head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0, length, 7, fragment, 64, number, 0)
    head += src.packed + dst.packed
    total = checksum(head + options)
    return head[:10] + struct.pack("!H", total) + head[12:] + options + payload


def packet6(spec, src, dst):
    number, payload = transport(spec, src.packed + dst.packed)
    if "opts" in spec:
        payload, number = struct.pack("!BBBB4x", number, 0, 1, 4) + payload, 0
    if "frag" in spec:
        offset = 0x0001 if spec["frag"] == "first" else 0x0029
        payload, number = struct.pack("!BBHI", number, 0, offset, 7) + payload, 44
    return struct.pack("!IHBB", 0x60000000, len(payload), number, 64) + src.packed + dst.packed + payload


def packet(spec):
    src = ipaddress.ip_address(spec.get("src", "10.99.0.2"))
    dst = ipaddress.ip_address(spec.get("dst", "10.99.0.1" if src.version == 4 else "fd99::1"))
    return (packet4 if src.version == 4 else packet6)(spec, src, dst)


def ethernet(mac):
    """A function that sends one frame on eth0."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind(("eth0", 0))
    own = wire.getsockname()[4]

    def send(spec):
        data = packet(spec)
        to = bytes.fromhex(spec.get("mac", mac).replace(":", ""))
        tag = struct.pack("!HH", 0x8100, int(spec["vlan"])) if "vlan" in spec else b""
        wire.send(to + own + tag + struct.pack("!H", 0x0800 if data[0] >> 4 == 4 else 0x86DD) + data)

    return send


def tunnel(name):
    """A function by which the tun interface receives one packet."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    IFF_TUN, IFF_NO_PI, TUNSETIFF = 0x0001, 0x1000, 0x400454CA
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH14x", name.encode(), IFF_TUN | IFF_NO_PI))
    time.sleep(0.2)
    return lambda spec: os.write(device, packet(spec))


def main():
    send = tunnel(sys.argv[1]) if sys.argv[1].startswith("tun") else ethernet(sys.argv[1])
    print("ready")
    for line in sys.stdin:
        for text in line.split():
            spec = dict(pair.split("=", 1) for pair in text.split(","))
            send(spec)
            time.sleep(float(spec.get("wait", "0.02")))
        print("sent")


main()
