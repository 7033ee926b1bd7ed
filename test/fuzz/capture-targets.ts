/** Capture files of whoever wrote them. */
import { isCapture, readCapture } from '../../src/frame/capture-file.ts';
import { decodeFrame } from '../../src/frame/packet.ts';
import { PacketView } from '../../src/frame/packet-view.ts';
import {
  i64,
  interfaceBlock,
  LINK_NUMBERS,
  option,
  packetBlock,
  pcap,
  section,
  simpleBlock,
} from '../unit/frame/captures.ts';
import { join, LINK_TYPES, onLink, udp, v4 } from '../unit/frame/frames.ts';
import { ascii } from '../unit/values.ts';

const view = new PacketView();

const capture = (input: Uint8Array): string | undefined => {
  // In the midst of a larger buffer, as a file that was read is.
  const room = new Uint8Array(input.length + 128).fill(0x0a);
  room.set(input, 64);
  const file = room.subarray(64, 64 + input.length);
  const reading = readCapture(file);
  let [next, frames, bytes] = [reading.next(), 0, 0];
  for (; next.done !== true; next = reading.next()) {
    const frame = next.value;
    frames += 1;
    bytes += frame.bytes.length;
    if (frame.bytes.buffer !== room.buffer || frame.bytes.byteOffset < 64) return 'a frame that is no view of the file';
    if (frame.bytes.byteOffset + frame.bytes.length > 64 + input.length) return 'a frame from behind the end';
    if (Number.isNaN(Date.parse(new Date(frame.time).toISOString()))) return `a time that is none`;
    if (frame.link !== undefined) decodeFrame(frame.link, frame.bytes, view);
  }
  if (bytes > input.length || frames > input.length / 16) return 'more frames than the file has room for';
  if (isCapture(input) === (next.value === 'it is no capture file')) return 'it is a capture file and none';
  return next.value === undefined || /^[a-z0-9 ]{10,60}$/.test(next.value) ? undefined : 'an end that is no sentence';
};

const packet = v4(udp(ascii('knock')));
const orders = [{ little: true }, { little: false }];

const seeds = orders.flatMap((order) => [
  ...LINK_TYPES.map((link) =>
    pcap({ ...order, nano: link === 'raw', link: LINK_NUMBERS[link] }, [
      { seconds: 1_795_184_008, parts: 136_999, bytes: onLink[link](packet) },
      { seconds: 1, parts: 2, bytes: packet, length: 1500 },
    ]),
  ),
  join(
    section(order),
    interfaceBlock({ link: 1, most: 64, options: option(9, Uint8Array.of(9), order) }, order),
    interfaceBlock({ link: 101, options: option(14, i64(-3n, order), order) }, order),
    packetBlock({ units: 1_795_184_008_136_999_999n, bytes: onLink.ethernet(packet) }, order),
    packetBlock({ units: 5_000_000n, bytes: packet, at: 1 }, order),
    simpleBlock(packet, packet.length, order),
    section({ little: !order.little }),
  ),
]);

export const captureTargets = [{ name: 'capture-file', seeds, run: capture }];
