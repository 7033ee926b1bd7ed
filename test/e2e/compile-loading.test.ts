/** `spad compile` and the firewall of the machine: loading, loading again, printing, taking away. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DoorLab, timedDoor } from '../support/kernel-doors.ts';
import { Lab } from '../support/lab.ts';
import { startTcpService, tcpState } from '../support/probe.ts';

let lab: Lab;
let doors: DoorLab;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'other', 'server'] });
  doors = new DoorLab(lab);
  await startTcpService(doors.server, [22, 80]);
});
afterAll(() => lab.close());

const DOORS = timedDoor('openSSH', '7000,8000,9000', 22) + timedDoor('more', '7100', 80);

/** Everything that nftables holds, which iptables is a part of here. */
const ruleset = (): Promise<string> => doors.server.run('nft', ['-s', 'list', 'ruleset']);
const recentLists = (): Promise<string> => doors.server.run('sh', ['-c', 'ls /proc/net/xt_recent 2>/dev/null || true']);

describe.each(['nftables', 'iptables'] as const)('loading and removing: %s', (to) => {
  afterEach(async () => {
    await doors.compile('--to', to, '--remove');
  });

  test('loading twice is loading once; nothing is left in the end', async () => {
    await doors.load(to, DOORS);
    const once = await ruleset();
    expect(await doors.compile('--to', to, '--apply', doors.file(DOORS))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^2 doors loaded .*tcp\/22, tcp\/80\n$/) as string,
    });
    expect(await ruleset()).toBe(once);
    // Fewer doors leave nothing of those that were more.
    expect(await doors.compile('--to', to, '--apply', doors.file(timedDoor('more', '7100', 80)))).toMatchObject({
      code: 0,
    });
    expect(await ruleset()).not.toMatch(/8000|SPAD-KNOCK-2/);
    expect(await doors.compile('--to', to, '--remove')).toMatchObject({ code: 0, stderr: '' });
    expect(await ruleset()).not.toMatch(/spad/i);
    expect(await recentLists()).toBe('');
    expect(await doors.compile('--to', to, '--remove')).toMatchObject({ code: 0, stderr: '' });
    expect(await tcpState(doors.client, doors.server.address4, 22)).toBe('open');
  });

  test('who is in when others are loaded', async () => {
    await doors.load(to, DOORS);
    await doors.client.run('knock', ['-d', '15', doors.server.address4, '7000', '8000', '9000']);
    const changed = DOORS.replace('7000', '7001');
    expect(await doors.compile('--to', to, '--apply', doors.file(changed))).toMatchObject({ code: 0, stderr: '' });
    const state = await tcpState(doors.client, doors.server.address4, 22, 300);
    expect(state).toBe(to === 'iptables' ? 'open' : 'filtered');
    // The same place in the file, but another port: nobody gets into what he has not knocked for.
    const another = timedDoor('other', '7000,8000,9000', 80);
    expect(await doors.compile('--to', to, '--apply', doors.file(another))).toMatchObject({ code: 0, stderr: '' });
    expect(await tcpState(doors.client, doors.server.address4, 80, 300)).toBe('filtered');
    expect(await tcpState(doors.client, doors.server.address4, 22)).toBe('open');
  });

  test('what is printed loads by hand, and is taken away as its head says', async () => {
    for (const [version, address] of [
      ['4', doors.server.address4],
      ['6', doors.server.address6],
    ] as const) {
      const printed = await doors.compile('--to', to, '--family', version, doors.file(DOORS));
      expect(printed).toMatchObject({ code: 0, stderr: '' });
      const file = doors.file(printed.stdout, 'rules');
      const program = version === '4' ? 'iptables' : 'ip6tables';
      if (to === 'nftables') await doors.server.run('nft', ['-f', file]);
      else await doors.server.run(`${program}-restore`, ['--noflush', file]);
      expect(await tcpState(doors.client, address, 22, 250)).toBe('filtered');
      await doors.client.run('knock', ['-d', '15', address, '7000', '8000', '9000']);
      expect(await tcpState(doors.client, address, 22)).toBe('open');
      const [, remove = ''] = /^# (?:Remove|Without): +((?:nft|ip6?tables) .*)$/m.exec(printed.stdout) ?? [];
      await doors.server.run('sh', ['-c', remove]);
      expect(await tcpState(doors.other, address, 22)).toBe('open');
      expect(await doors.compile('--to', to, '--remove')).toMatchObject({ code: 0, stderr: '' });
    }
  });

  test('what cannot be expressed is told by door and line, and nothing is loaded', async () => {
    const before = await ruleset();
    const text = `${DOORS}[mail]\n  sequence = 1\n  command = /usr/bin/mail root\n`;
    const file = doors.file(text);
    const result = await doors.compile('--to', to, '--apply', file);
    const line = text.split('\n').indexOf('  command = /usr/bin/mail root') + 1;
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(`${file}:${line}: error: door "mail": "/usr/bin/mail"`);
    expect(await ruleset()).toBe(before);
  });
});

test('iptables: the door opens through a filter table that drops', async () => {
  await doors.load('iptables', DOORS);
  try {
    await doors.server.run('iptables', ['-P', 'INPUT', 'DROP']);
    await doors.client.run('knock', ['-d', '15', doors.server.address4, '7000', '8000', '9000']);
    expect(await tcpState(doors.client, doors.server.address4, 22)).toBe('open');
    expect(await tcpState(doors.client, doors.server.address4, 80, 250)).toBe('filtered');
  } finally {
    await doors.server.run('iptables', ['-P', 'INPUT', 'ACCEPT']);
    await doors.compile('--to', 'iptables', '--remove');
  }
});
