/** Datagrams over IPv4 under sources that are other hosts', or nobody's, thousands of them from one program. */
import type { Host } from './host.ts';

/** Where a datagram says that it comes from, and the port that it goes to. */
export interface ForgedHeader {
  readonly source: string;
  readonly port: number;
}

/** The kernel fills in what is left at zero (raw(7)); the checksum of UDP may be none (RFC 768). */
const SENDER = `import socket, struct, sys, time
wire = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
target = socket.inet_aton(sys.argv[1])
payload = bytes.fromhex(sys.stdin.readline())
for count, line in enumerate(sys.stdin):
    source, port = line.split()
    udp = struct.pack('!HHHH', 40000, int(port), 8 + len(payload), 0) + payload
    ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + socket.inet_aton(source) + target
    wire.sendto(ip + udp, (sys.argv[1], 0))
    if count % 64 == 63:
        time.sleep(0.004)
`;

/**
 * Sends the payload once for each header, in their order, to one address, with a pause now and then, so that who listens keeps up.
 * @throws Error when the kernel refuses one.
 */
export async function sendForged(
  from: Host,
  address: string,
  payload: Uint8Array,
  headers: readonly ForgedHeader[],
): Promise<void> {
  const lines = headers.map(({ source, port }) => `${source} ${port}\n`);
  const input = `${Buffer.from(payload).toString('hex')}\n${lines.join('')}`;
  await from.run('python3', ['-c', SENDER, address], { input, timeoutMs: 60_000 });
}
