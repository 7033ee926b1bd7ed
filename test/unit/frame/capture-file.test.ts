/** Capture files: what their documents say is in them, and what becomes of those that are damaged or lie. */
import { describe, expect, test } from 'vitest';
import { isCapture } from '../../../src/frame/capture-file.ts';
import { decodeFrame } from '../../../src/frame/packet.ts';
import { PacketView } from '../../../src/frame/packet-view.ts';
import { ascii, hex, toHex } from '../values.ts';
import {
  block,
  i64,
  interfaceBlock,
  LINK_NUMBERS,
  option,
  packetBlock,
  pcap,
  read,
  section,
  simpleBlock,
  u16,
  u32,
} from './captures.ts';
import { join, LINK_TYPES, onLink, udp, v4 } from './frames.ts';

const ORDERS = [{ little: true }, { little: false }];
/** 2026-11-20T14:13:28.136Z */
const [SECONDS, MS] = [1_795_184_008, 136];
const TIME = SECONDS * 1000 + MS;
const packet = v4(udp(ascii('knock, knock')));

describe.each(ORDERS)('pcap, $little', (order) => {
  test.each(LINK_TYPES)('a packet on %s is found', (link) => {
    const written = onLink[link](packet);
    const file = pcap({ ...order, nano: false, link: LINK_NUMBERS[link] }, [
      { seconds: SECONDS, parts: 136_999, bytes: written },
    ]);
    const { frames, end } = read(file);
    expect(end).toBeUndefined();
    expect(frames).toMatchObject([{ time: TIME, link, linkNumber: LINK_NUMBERS[link], length: written.length }]);
    const [frame] = frames;
    const view = new PacketView();
    expect(frame?.link && decodeFrame(frame.link, frame.bytes, view)).toBeUndefined();
    expect(view.payload()).toEqual(ascii('knock, knock'));
  });

  test('of nanoseconds and microseconds the whole milliseconds are told', () => {
    const bytes = hex('00');
    const nano = pcap({ ...order, nano: true, link: 1 }, [{ seconds: SECONDS, parts: 136_999_999, bytes }]);
    const micro = pcap({ ...order, nano: false, link: 1 }, [{ seconds: SECONDS, parts: 136_999, bytes }]);
    for (const file of [nano, micro]) expect(read(file).frames[0]?.time).toBe(TIME);
  });

  test('frames come in the order of the file, cut ones with their length on the wire', () => {
    const file = pcap({ ...order, nano: false, link: 1 }, [
      { seconds: 2, parts: 0, bytes: hex('0102'), length: 1500 },
      { seconds: 1, parts: 0, bytes: hex('') },
    ]);
    const { frames, end } = read(file);
    expect(end).toBeUndefined();
    expect(frames.map(({ time, bytes, length }) => [time, toHex(bytes), length])).toEqual([
      [2000, '0102', 1500],
      [1000, '', 0],
    ]);
  });

  test('the bits above the link type tell of checksums, and others of nothing that is known', () => {
    const file = (link: number): Uint8Array =>
      pcap({ ...order, nano: false, link }, [{ seconds: 0, parts: 0, bytes: hex('00') }]);
    expect(read(file(0x4400_0001)).frames[0]?.link).toBe('ethernet');
    expect(read(file(147)).frames).toMatchObject([{ link: undefined, linkNumber: 147 }]);
  });

  test('a packet that claims to be longer than the file ends it', () => {
    const whole = pcap({ ...order, nano: false, link: 1 }, [{ seconds: 0, parts: 0, bytes: hex('010203') }]);
    for (const lie of [4, 0x7fff_ffff, 0xffff_ffff]) {
      const file = Uint8Array.from(whole);
      file.set(u32(lie, order), 24 + 8);
      expect(read(file)).toEqual({ frames: [], end: 'it ends in the middle of a packet' });
    }
  });
});

describe.each(ORDERS)('pcapng, $little', (order) => {
  const inMicroseconds = BigInt(SECONDS) * 1_000_000n + 136_999n;

  test.each(LINK_TYPES)('a packet on %s is found', (link) => {
    const bytes = onLink[link](packet);
    const file = join(
      section(order),
      interfaceBlock({ link: LINK_NUMBERS[link] }, order),
      packetBlock({ units: inMicroseconds, bytes }, order),
    );
    expect(read(file)).toMatchObject({ frames: [{ time: TIME, link, length: bytes.length }], end: undefined });
    expect(read(file).frames[0]?.bytes).toEqual(bytes);
  });

  test.each([
    ['milliseconds', 3, BigInt(TIME), TIME],
    ['nanoseconds, to the last one', 9, BigInt(SECONDS) * 1_000_000_000n + 136_999_999n, TIME],
    ['picoseconds', 12, 1_234_567_899_999n, 1234],
    ['parts of a power of two', 0x80 + 20, (3n << 20n) + (1n << 19n), 3500],
    ['whole seconds', 0, 7n, 7000],
    ['units that are never a millisecond', 127, 0xffff_ffff_ffff_ffffn, 0],
  ])('times in %s', (_, unit, units, time) => {
    const options = join(
      option(2, ascii('eth0 '), order),
      option(9, Uint8Array.of(unit), order),
      option(0, hex(''), order),
    );
    const file = join(
      section(order),
      interfaceBlock({ link: 1, options }, order),
      packetBlock({ units, bytes: hex('00') }, order),
    );
    expect(read(file)).toMatchObject({ frames: [{ time }], end: undefined });
  });

  test('an offset of whole seconds is added', () => {
    const options = option(14, i64(-3n, order), order);
    const file = join(
      section(order),
      interfaceBlock({ link: 1, options }, order),
      packetBlock({ units: 5_250_000n, bytes: hex('00') }, order),
    );
    expect(read(file)).toMatchObject({ frames: [{ time: 2250 }], end: undefined });
  });

  test('what stands behind the end of the options is none', () => {
    const options = join(option(0, hex(''), order), option(9, Uint8Array.of(0), order));
    const file = join(
      section(order),
      interfaceBlock({ link: 1, options }, order),
      packetBlock({ units: 5_000_000n, bytes: hex('00') }, order),
    );
    expect(read(file).frames).toMatchObject([{ time: 5000 }]);
  });

  test.each([
    ['far in the future', hex('00'), 0xffff_ffff_ffff_ffffn],
    ['before 1970', join(option(14, i64(-6n, order), order)), 5_000_000n],
  ])('a time %s ends the file', (_, options, units) => {
    const seconds = options.length === 1 ? option(9, Uint8Array.of(0), order) : options;
    const file = join(
      section(order),
      interfaceBlock({ link: 1, options: seconds }, order),
      packetBlock({ units, bytes: hex('00') }, order),
    );
    expect(read(file)).toEqual({ frames: [], end: 'a packet has a time that no clock shows' });
  });

  test('a simple packet is as long as the snapshot length allows, without what fills its block', () => {
    const file = join(
      section(order),
      interfaceBlock({ link: 1, most: 5 }, order),
      simpleBlock(hex('0102030405'), 60, order),
      simpleBlock(hex('010203'), 3, order),
    );
    const { frames, end } = read(file);
    expect(end).toBeUndefined();
    expect(frames.map(({ time, bytes, length }) => [time, toHex(bytes), length])).toEqual([
      [0, '0102030405', 60],
      [0, '010203', 3],
    ]);
  });

  test('packets are those of their interface; the next section has others, and another byte order', () => {
    const other = { little: !order.little };
    const packetOf = (at: number) => packetBlock({ units: 0n, bytes: hex('00'), at }, order);
    const interfaces = [interfaceBlock({ link: 1 }, order), interfaceBlock({ link: 101 }, order)];
    const file = join(
      ...[section(order), ...interfaces, packetOf(1), packetOf(0), block(0x0bad, hex('01020304'), order)],
      ...[section(other), interfaceBlock({ link: 276 }, other), packetBlock({ units: 0n, bytes: hex('00') }, other)],
    );
    expect(read(file).frames.map(({ link }) => link)).toEqual(['raw', 'ethernet', 'linux-sll2']);
    expect(read(file).end).toBeUndefined();
    expect(
      read(join(section(order), ...interfaces, section(other), packetBlock({ units: 0n, bytes: hex('00') }, other)))
        .end,
    ).toBe('a packet is of no interface');
  });

  test.each([
    ['a block of no length', join(u32(5, order), u32(0, order), u32(0, order)), 'a block has no right length'],
    ['a block of an odd length', join(u32(5, order), u32(13, order), u32(0, order)), 'a block has no right length'],
    [
      'a block beyond the end',
      join(u32(5, order), u32(0xffff_fffc, order), u32(0, order)),
      'it ends in the middle of a block',
    ],
    ['a block of two lengths', join(u32(5, order), u32(12, order), u32(16, order)), 'a block has two lengths'],
    ['an interface cut short', block(1, hex('00010000'), order), 'an interface is cut short'],
    ['a packet cut short', block(6, new Uint8Array(16), order), 'a packet is cut short'],
    ['a simple packet of nothing', block(3, hex(''), order), 'a packet is cut short'],
    ['a simple packet beyond its block', simpleBlock(hex('00'), 60, order), 'a packet is longer than its block'],
    ['a section of no byte order', block(0x0a0d0d0a, new Uint8Array(16), order), 'a section has no byte order'],
    [
      'a packet beyond its block',
      block(6, join(...[0, 0, 0, 5, 5].map((value) => u32(value, order)), hex('01020304')), order),
      'a packet is longer than its block',
    ],
  ])('%s ends the file; what was before it is told', (_, lie, end) => {
    const good = join(
      section(order),
      interfaceBlock({ link: 1 }, order),
      packetBlock({ units: 0n, bytes: hex('0102') }, order),
    );
    expect(read(join(good, lie, good))).toMatchObject({ frames: [{ bytes: hex('0102') }], end });
  });

  test('interfaces without end end the file', () => {
    const one = interfaceBlock({ link: 1 }, order);
    const file = join(section(order), ...Array.from({ length: 5000 }, () => one));
    expect(read(file).end).toBe('it has more than 4096 interfaces');
  });
});

test('what is no capture file is none', () => {
  for (const bytes of [hex(''), hex('d4c3b2a1'), new Uint8Array(24), ascii('d4c3b2a1'.repeat(8))]) {
    expect(isCapture(bytes)).toBe(false);
    expect(read(bytes)).toEqual({ frames: [], end: 'it is no capture file' });
  }
});

test('a file inside a larger buffer is read where it lies, and never outside of it', () => {
  const order = { little: true, nano: false, link: 1 };
  const file = pcap(order, [{ seconds: 1, parts: 0, bytes: hex('0102') }]);
  const around = join(hex('ffffff'), file, u32(0, order), u16(0, order), new Uint8Array(64));
  const { frames, end } = read(around.subarray(3, 3 + file.length));
  expect(end).toBeUndefined();
  expect(frames).toMatchObject([{ bytes: hex('0102') }]);
});
