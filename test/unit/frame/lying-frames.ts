/** Ethernet frames that no kernel would send. */
import { ethernet, extension, fragmentHeader, udp, v4, v6, vlan } from './frames.ts';

const SPA_PORT = 62_201;

/** The same numbers in every run, so that what fails can be looked at. */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** To every host on the wire. */
export function broadcast(frame: Uint8Array): Uint8Array {
  const bytes = frame.slice();
  bytes.fill(0xff, 0, 6);
  return bytes;
}

/** Headers that lie, one lie at a time. `payload`: what whoever believes them goes on to. */
export function lyingFrames(payload: Uint8Array): Uint8Array[] {
  const datagram = udp(payload);
  const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  const whole = ethernet(v4(datagram));
  const packets = [
    ...range(16).map((words) => v4(datagram, { words })),
    ...[0, 19, 20, 27, 28, 29, 203, 205, 65_535].map((total) => v4(datagram, { total })),
    ...[0x2000, 0x2001, 0x1fff, 0x8000, 0xffff].map((fragment) => v4(datagram, { fragment })),
    ...[0, 1, 6, 41, 44, 255].map((protocol) => v4(datagram, { protocol })),
    ...[0, 7, 8, 183, 185, 1208, 65_535].map((length) => v4(udp(payload, 1, SPA_PORT, length))),
    ...[0, 1, 7, 8, 183, 185, 65_535].map((length) => v6(datagram, 17, length)),
    ...[0, 43, 44, 50, 51, 58, 59, 60, 135, 255].map((next) => v6(datagram, next)),
    ...[0, 1, 25, 255].map((units) => v6(extension(17, units, datagram), 0)),
    ...[0, 1, 8, 0xfff9].map((offset) => v6(fragmentHeader(17, offset, datagram), 44)),
    v4(v4(datagram), { protocol: 4 }),
    v6(v6(datagram), 41),
  ];
  const tagged = [0x8100, 0x88a8, 0x9100].map((tpid) => vlan(tpid, v4(datagram)));
  const cut = range(whole.length - 13).map((length) => whole.subarray(0, 14 + length));
  const types = [0x0000, 0x0806, 0x8100, 0x86dd, 0x8863, 0xffff].map((type) => ethernet(v4(datagram), type));
  return [...packets.map((packet) => ethernet(packet)), ...tagged, ...cut, ...types].map((frame) =>
    frame.subarray(0, 1514),
  );
}

/** Good frames with some bytes of their headers changed, cut or not. */
export function spoiltFrames(payload: Uint8Array, count: number): Uint8Array[] {
  const below = numbers(62_201);
  const good = [v4(udp(payload)), v6(udp(payload))].map((packet) => ethernet(packet));
  return Array.from({ length: count }, (_, index) => {
    const bytes = (good[index % good.length] ?? new Uint8Array(14)).slice();
    for (let times = below(4); times >= 0; times--) bytes[12 + below(58)] = below(256);
    return below(4) === 0 ? bytes.subarray(0, 14 + below(bytes.length - 14)) : bytes;
  });
}
