/** Frames put on the wire as they are, which a socket of the kernel's own protocols would never send. */
import type { Host } from './host.ts';

/** Node has no packet sockets (packet(7)); Python, which the build of the pcap addon needs anyway, has. */
const SENDER = `import socket, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((sys.argv[1], 0))
for line in sys.stdin:
    wire.send(bytes.fromhex(line))
`;

/**
 * Sends each of the Ethernet frames, 14 to 1514 bytes, in their order.
 * @throws Error when the kernel refuses one.
 */
export async function sendFrames(from: Host, frames: readonly Uint8Array[]): Promise<void> {
  const input = frames.map((frame) => `${Buffer.from(frame).toString('hex')}\n`).join('');
  await from.run('python3', ['-c', SENDER, from.interfaceName], { input, timeoutMs: 60_000 });
}
