import { describe, expect, test } from 'vitest';
import { adoptionError, adoptionMessage } from '../../../src/control/adoption-message.ts';
import { hex, ip, portOf, toHex } from '../values.ts';

/** Written by hand from linux/netlink.h and linux/netfilter/nfnetlink_conntrack.h. */
const MESSAGE = hex(`
  9c000000 0001 0506 00000000 00000000
  02 00 0000
  3400 0180
    1400 0180 0800 0100 0a630001 0800 0200 0a630002
    1c00 0280 0500 0100 06 000000 0600 0200 c350 0000 0600 0300 0016 0000
  3400 0280
    1400 0180 0800 0100 0a630002 0800 0200 0a630001
    1c00 0280 0500 0100 06 000000 0600 0200 0016 0000 0600 0300 c350 0000
  0800 0300 0000000e
  2000 0480
    1c00 0180 0500 0100 03 000000 0600 0400 0808 0000 0600 0500 0808 0000
  0800 0700 00069780`);

const connectionOf = (client: string, server: string) => ({
  ...{ client: ip(client), clientPort: portOf(50_000), server: ip(server), serverPort: portOf(22) },
});

describe('a message about an established connection', () => {
  test('byte by byte', () => {
    const message = adoptionMessage(connectionOf('10.99.0.1', '10.99.0.2'));
    expect(toHex(message.subarray(4))).toBe(toHex(MESSAGE.subarray(4)));
    expect(new DataView(message.buffer).getUint32(0, true)).toBe(message.length);
  });

  test('of IPv6 has longer addresses under other numbers', () => {
    const message = adoptionMessage(connectionOf('fd99::1', 'fd99::2'));
    expect(message[16]).toBe(10);
    expect(toHex(message)).toContain(`14000300${toHex(ip('fd99::1').bytes)}14000400${toHex(ip('fd99::2').bytes)}`);
    expect(new DataView(message.buffer).getUint32(0, true)).toBe(message.length);
  });
});

describe('the kernel’s answer', () => {
  const answer = (type: number, error: number): Uint8Array => {
    const view = new DataView(new ArrayBuffer(36));
    view.setUint16(4, type, true);
    view.setInt32(16, error, true);
    return new Uint8Array(view.buffer);
  };

  test.each([
    ['done', answer(2, 0), 0],
    ['it is there already', answer(2, -17), 0],
    ['not permitted', answer(2, -1), 1],
    ['another message', answer(3, 0), undefined],
    ['half a message', answer(2, 0).subarray(0, 19), undefined],
    ['nothing', new Uint8Array(0), undefined],
  ])('%s', (_, bytes, error) => {
    expect(adoptionError(bytes)).toBe(error);
  });
});
