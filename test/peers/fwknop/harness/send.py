"""Sends datagrams: send.py reads lines "ADDRESS PORT HEX", sends each, and says "sent" after a line that is empty."""
import socket
import sys
import time

sockets = {}
for number, line in enumerate(sys.stdin):
    if not line.strip():
        print("sent", flush=True)
        continue
    address, port, text = line.split()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    if family not in sockets:
        sockets[family] = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sockets[family].sendto(bytes.fromhex(text), (address, int(port)))
    except ConnectionRefusedError:
        # An ICMP refusal of an earlier one is no reason not to send the next.
        sockets[family].sendto(bytes.fromhex(text), (address, int(port)))
    if number % 64 == 63:
        time.sleep(0.02)
