import { describe, expect, test } from 'vitest';
import { portOfText } from '../../../../client/knock/port-text.ts';

const SERVICES = `# names
ssh\t\t22/tcp\t\t\t# SSH
http 80/tcp www # web
tftp 69/udp
shell 514/tcp cmd syslog
syslog 514/udp
odd 1000/udp
odd 1001/tcp
gone 7/sctp
broken
`;

const read = (text: string): number | undefined => portOfText(text, () => SERVICES);

describe('the text of a port', () => {
  test.each([
    ['7000', 7000],
    ['', 0],
    ['0', 0],
    ['007', 7],
    [' 22', 22],
    ['+22', 22],
    ['70000', 4464],
    ['4294967318', 22],
    ['-18446744069414584319', 1],
    ['-5', undefined],
    ['3000000000', undefined],
    ['18446744073709551616', undefined],
    ['22 ', undefined],
    ['22x', undefined],
    ['0x16', undefined],
    [' ', undefined],
    ['+', undefined],
  ])('"%s" is %s', (text, port) => {
    expect(read(text)).toBe(port);
  });

  test.each([
    ['ssh', 22],
    ['www', 80],
    ['tftp', 69],
    ['syslog', 514],
    ['odd', 1001],
    ['SSH', undefined],
    ['gone', undefined],
    ['broken', undefined],
    ['#', undefined],
  ])('the service "%s" is %s', (text, port) => {
    expect(read(text)).toBe(port);
  });

  test('a number needs no file', () => {
    const services = (): string => {
      throw new Error('not to be read');
    };
    expect(portOfText('22', services)).toBe(22);
  });
});
