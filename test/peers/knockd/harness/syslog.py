"""A system log: syslog.py SOCKET FILE writes each datagram as one line of Python text, control characters escaped."""
import os
import socket
import sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
with open(sys.argv[2], "w", buffering=1, encoding="ascii") as kept:
    while True:
        kept.write(receiver.recv(65536).decode("latin-1").encode("unicode_escape").decode("ascii") + "\n")
