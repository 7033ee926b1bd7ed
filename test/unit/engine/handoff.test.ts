import { describe, expect, test } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import {
  encodeHandoff,
  type Handoff,
  HandoffReader,
  MAX_HANDOFF,
  RECEIVER_COUNTS,
} from '../../../src/engine/handoff.ts';
import { join } from '../frame/frames.ts';
import { hex, ip, portOf, toHex } from '../values.ts';

const candidate: Extract<Handoff, { kind: 'candidate' }> = {
  kind: 'candidate',
  candidate: { client: 7, source: ip('192.0.2.1'), captured: unixMs(0x19b76db185e), datagram: hex('aabbcc') },
};

const answerable: Handoff = {
  kind: 'candidate',
  candidate: { ...candidate.candidate, replyPath: { sourcePort: portOf(40_000), at: ip('198.51.100.7') } },
};

const read = (bytes: Uint8Array): { messages: Handoff[]; breached: boolean } => {
  const reader = new HandoffReader();
  const messages = reader.push(bytes);
  return { messages, breached: reader.breached };
};

describe('on the wire', () => {
  test('a candidate: length, kind, client, time, source, its port, the address that it came to, datagram', () => {
    expect(toHex(encodeHandoff(candidate))).toBe(
      '0018 01 00000007 0000019b76db185e 04 c0000201 0000 00 aabbcc'.replaceAll(' ', ''),
    );
    expect(toHex(encodeHandoff(answerable))).toBe(
      '001c 01 00000007 0000019b76db185e 04 c0000201 9c40 04 c6336407 aabbcc'.replaceAll(' ', ''),
    );
  });

  test('the longest message fits what a pipe takes whole', () => {
    const datagram = new Uint8Array(1200);
    const longest = { ...candidate.candidate, source: ip('2001:db8::1'), datagram };
    expect(encodeHandoff({ kind: 'candidate', candidate: longest }).length).toBeLessThanOrEqual(MAX_HANDOFF);
    expect(encodeHandoff({ kind: 'trouble', text: '\u{10ffff}'.repeat(1000) }).length).toBeLessThanOrEqual(MAX_HANDOFF);
    const all = Object.fromEntries(RECEIVER_COUNTS.map((name) => [name, 0xffff_ffff]));
    expect(encodeHandoff({ kind: 'counts', counts: all }).length).toBeLessThanOrEqual(MAX_HANDOFF);
  });

  test('counts of zero are left out, huge ones are cut, unknown ones have no place', () => {
    const { messages } = read(
      encodeHandoff({ kind: 'counts', counts: { 'bad-mac': 2 ** 40, truncated: 0, secret: 5 } }),
    );
    expect(messages).toEqual([{ kind: 'counts', counts: { 'bad-mac': 0xffff_ffff } }]);
  });
});

describe('a reader', () => {
  const messages: Handoff[] = [
    { kind: 'ready', text: 'any (LINUX_SLL2)' },
    candidate,
    answerable,
    { kind: 'counts', counts: { 'unknown-hint': 12, 'kernel-dropped': 3 } },
    { kind: 'trouble', text: 'Gerät weg' },
    { kind: 'done' },
  ];
  const stream = join(...messages.map(encodeHandoff));

  test('cuts a stream at any place into the same messages', () => {
    for (let size = 1; size <= stream.length; size += 1) {
      const reader = new HandoffReader();
      const got: Handoff[] = [];
      for (let at = 0; at < stream.length; at += size) got.push(...reader.push(stream.subarray(at, at + size)));
      expect([got, reader.breached]).toEqual([messages, false]);
    }
  });

  test.each([
    ['length 0', '0000'],
    ['a length beyond the longest', '8000 01'],
    ['an unknown kind', '0001 09'],
    ['kind 0', '0001 00'],
    ['a candidate of nothing', '0001 01'],
    ['a candidate of family 5', '000e 01 00000007 0000019b76db185e 05'],
    ['a candidate whose address is cut', '0011 01 00000007 0000019b76db185e 04 c00002'],
    ['a candidate whose own address is cut', '0017 01 00000007 0000019b76db185e 04 c0000201 9c40 04 c63364'],
    ['a candidate to family 5', '0018 01 00000007 0000019b76db185e 04 c0000201 9c40 05 c6336407'],
    ['a candidate from beyond all time', '0012 01 00000007 ffffffffffffffff 04 c0000201'],
    ['a count that is cut', '0004 02 000000'],
    ['a count without a name', '0006 02 ff 00000001'],
    ['text that is no UTF-8', '0002 03 ff'],
    ['a done that says more', '0002 05 00'],
  ])('%s is a breach, and nothing is heard after it', (_, bytes) => {
    const { messages: before, breached } = read(join(encodeHandoff(candidate), hex(bytes), encodeHandoff(candidate)));
    expect([before, breached]).toEqual([[candidate], true]);
    const reader = new HandoffReader();
    reader.push(hex(bytes));
    expect(reader.push(stream)).toEqual([]);
  });

  test('a message that is cut short is waited for', () => {
    expect(read(stream.subarray(0, 3))).toEqual({ messages: [], breached: false });
    expect(read(new Uint8Array(0))).toEqual({ messages: [], breached: false });
  });

  test('what is handed on does not share memory with the pipe', () => {
    const bytes = encodeHandoff(candidate);
    const reader = new HandoffReader();
    const [message] = reader.push(bytes);
    bytes.fill(0);
    expect(message).toEqual(candidate);
  });
});
