/** Doors without a daemon: what the rules of `spad compile` do in the real firewall, with real knocks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { DoorLab, plainDoor, Road, timedDoor, WINDOW } from '../support/kernel-doors.ts';
import { Lab } from '../support/lab.ts';
import { startTcpService } from '../support/probe.ts';

let lab: Lab;
let doors: DoorLab;
let client: Host;
let other: Host;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'other', 'server'] });
  doors = new DoorLab(lab);
  ({ client, other } = doors);
  await startTcpService(doors.server, [22, 80]);
});
afterAll(() => lab.close());

describe.each(['nftables', 'iptables'] as const)('%s', (to) => {
  afterAll(async () => {
    await doors.compile('--to', to, '--remove');
  });

  describe('a timed door', () => {
    beforeEach(() => doors.load(to, timedDoor('openSSH', '7000,8000,9000', 22, 'seq_timeout = 3', 'tcpflags = syn')));

    test('opens for its window, for the one who knocked, and lets connections live on', () =>
      doors.overBoth(async (road) => {
        expect(await road.state(client)).toBe('filtered');
        expect(await road.state(client, 80)).toBe('open');
        await road.knock(client, '7000', '8000', '9000');
        const opened = performance.now();
        expect(await road.state(client)).toBe('open');
        expect(await road.state(other)).toBe('filtered');
        const connection = await road.connect(22);
        await sleep(opened + WINDOW * 1000 + 300 - performance.now());
        expect(await road.state(client)).toBe('filtered');
        connection.write('still here\n');
        await connection.waitForLine(/^still here$/);
        await connection.stop();
      }));

    test('a second time, the window begins again', () =>
      doors.overBoth(async (road) => {
        await road.knock(client, '7000', '8000', '9000');
        await sleep(WINDOW * 1000 - 1200);
        await road.knock(client, '7000', '8000', '9000');
        await sleep(1500);
        expect(await road.state(client)).toBe('open');
      }));

    test.each([
      { why: 'two of them swapped', hits: ['8000', '7000', '9000'] },
      { why: 'the last two swapped', hits: ['7000', '9000', '8000'] },
      { why: 'the first missing', hits: ['8000', '9000'] },
      { why: 'the second missing', hits: ['7000', '9000'] },
      // The knock that resets is used up: it begins nothing.
      { why: 'the first twice', hits: ['7000', '7000', '8000', '9000'] },
      { why: 'the other protocol', hits: ['7000:udp', '8000:udp', '9000:udp'] },
    ])('stays shut: $why', ({ hits }) =>
      doors.overBoth(async (road) => {
        await road.knock(client, ...hits);
        expect(await road.state(client)).toBe('filtered');
      }),
    );

    test('after a reset, the whole sequence opens', () =>
      doors.overBoth(async (road) => {
        await road.knock(client, '7000', '9000', '7000', '8000', '9000');
        expect(await road.state(client)).toBe('open');
      }));

    test('nothing of an attempt that was reset completes another', () =>
      doors.overBoth(async (road) => {
        await road.knock(client, '7000', '8000', '7000', '7000', '9000');
        expect(await road.state(client)).toBe('filtered');
      }));

    test('what is no port of a door does not matter', () =>
      doors.overBoth(async (road) => {
        await road.knock(client, '7000', '7500', '8000', '8000:udp', '80', '9000');
        expect(await road.state(client)).toBe('open');
      }));

    test('the time counts from the first knock', () =>
      doors.overBoth(async (road) => {
        await road.knock(client, '7000');
        await sleep(1700);
        await road.knock(client, '8000');
        await sleep(1700);
        await road.knock(client, '9000');
        expect(await road.state(client)).toBe('filtered');
        // Nothing of the late attempt is left to complete another.
        await road.knock(client, '7000', '9000');
        expect(await road.state(client)).toBe('filtered');
      }));

    test('within the time, slowness is no matter', () =>
      doors.overBoth(async (road) => {
        for (const port of ['7000', '8000', '9000']) {
          await road.knock(client, port);
          await sleep(600);
        }
        expect(await road.state(client)).toBe('open');
      }));

    test('packets with other flags do not count', () =>
      doors.overBoth(async (road) => {
        await road.sendAck(client, 7000, 8000, 9000);
        expect(await road.state(client)).toBe('filtered');
      }));

    test('two sources do not disturb each other', () =>
      doors.overBoth(async (road) => {
        await road.knock(client, '7000');
        await road.knock(other, '7000', '8000');
        await road.knock(client, '8000');
        await road.knock(other, '7000');
        await road.knock(client, '9000');
        expect(await road.state(client)).toBe('open');
        await road.knock(other, '9000');
        expect(await road.state(other)).toBe('filtered');
      }));
  });

  test('packets with other flags do not reset', async () => {
    await doors.load(to, timedDoor('openSSH', '7000,8000,9000', 22, 'tcpflags = syn,!ack'));
    await doors.overBoth(async (road) => {
      await road.knock(client, '7000', '8000');
      await road.sendAck(client, 7000);
      await road.knock(client, '9000');
      expect(await road.state(client)).toBe('open');
    });
  });

  test('flags are those of each door, although another door sees the packet', async () => {
    const other8000 = timedDoor('other', '6000,8000', 80);
    await doors.load(to, timedDoor('openSSH', '7000,8000,9000', 22, 'tcpflags = syn') + other8000);
    await doors.overBoth(async (road) => {
      await road.knock(client, '7000');
      await road.sendAck(client, 8000);
      await road.knock(client, '8000', '9000');
      expect(await road.state(client)).toBe('open');
    });
  });

  test('TCP and UDP mixed, ports repeated, no flags asked for', async () => {
    await doors.load(to, timedDoor('mixed', '7000:udp,7000:tcp,7000:udp,7000:udp', 22));
    await doors.overBoth(async (road) => {
      await road.knock(client, '7000:udp', '7000', '7000', '7000:udp', '7000:udp');
      expect(await road.state(client)).toBe('filtered');
    });
    await doors.load(to, timedDoor('mixed', '7000:udp,7000:tcp,7000:udp,7000:udp', 22));
    await doors.overBoth(async (road) => {
      await road.knock(client, '7000:udp', '7000', '7000:udp');
      expect(await road.state(client)).toBe('filtered');
      await road.knock(client, '7000:udp');
      expect(await road.state(client)).toBe('open');
    });
  });

  test('without flags, a packet with ACK alone is a knock', async () => {
    await doors.load(to, timedDoor('odd', '7000,8000', 22));
    await doors.overBoth(async (road) => {
      await road.sendAck(client, 7000, 8000);
      expect(await road.state(client)).toBe('open');
    });
  });

  test('open until a second door closes it', async () => {
    await doors.load(to, plainDoor('open', '7000,8000', '-A', 22) + plainDoor('close', '8000,7000', '-D', 22));
    await doors.overBoth(async (road) => {
      await road.knock(client, '7000', '8000');
      await road.knock(other, '7000', '8000');
      await sleep(WINDOW * 1000);
      expect(await road.state(client)).toBe('open');
      await road.knock(client, '8000', '7000');
      expect(await road.state(client)).toBe('filtered');
      expect(await road.state(other)).toBe('open');
    });
  });

  test('doors of one knock: open and shut', async () => {
    await doors.load(to, plainDoor('open', '7000', '-A', 22) + plainDoor('close', '7001', '-D', 22));
    await doors.overBoth(async (road) => {
      await road.knock(client, '7000');
      expect(await road.state(client)).toBe('open');
      await road.knock(client, '7001');
      expect(await road.state(client)).toBe('filtered');
    });
  });

  test('doors beside each other: common beginnings go on together, ports of another door reset', async () => {
    const first = timedDoor('one', '7000,8000,9000', 22) + timedDoor('two', '7000,8000,9100', 80);
    await doors.load(to, first + timedDoor('three', '6000', 8080));
    await doors.overBoth(async (road) => {
      await road.knock(client, '7000', '8000', '9100');
      expect(await road.state(client, 80)).toBe('open');
      expect(await road.state(client)).toBe('filtered');
      await road.knock(client, '7000', '8000', '9000');
      expect(await road.state(client)).toBe('open');
      await road.knock(other, '7000', '8000', '6000', '9000');
      expect(await road.state(other)).toBe('filtered');
    });
  });

  test('strict: any other new connection resets, one that was there before does not', async () => {
    await doors.load(to, timedDoor('openSSH', '7000,8000,9000', 22, 'tcpflags = syn'), '--strict');
    await doors.overBoth(async (road) => {
      const connection = await road.connect(80);
      for (const foreign of ['7500', '53:udp', '80']) {
        await road.knock(client, '7000', '8000', foreign, '9000');
        expect(await road.state(client), foreign).toBe('filtered');
      }
      await road.knock(client, '7000', '8000');
      connection.write('foreign, but old\n');
      await connection.waitForLine(/^foreign, but old$/);
      await road.sendAck(client, 8000);
      await road.knock(client, '9000');
      expect(await road.state(client)).toBe('open');
      await connection.stop();
    });
  });

  test('doors of spad.conf: ports without a command, for listed sources', async () => {
    const { address4, address6 } = client;
    const head = '[spad]\nname = gw\nguard = tcp/22\n';
    const door = (name: string, more: string): string => `[door ${name}]\nsequence = 7000,8000\n${more}\n`;
    const file = doors.file(`${head}${door('ssh', `open = tcp/22\nopen_for = 5s\nsource = ${address4}, ${address6}`)}`);
    expect(await doors.compile('--to', to, '--remove')).toMatchObject({ code: 0 });
    expect(await doors.compile('--to', to, '--apply', file)).toMatchObject({ code: 0, stderr: '' });
    await doors.overBoth(async (road) => {
      for (const host of [client, other]) await road.knock(host, '7000', '8000');
      expect(await road.state(client)).toBe('open');
      expect(await road.state(other)).toBe('filtered');
    });
    const limited = doors.file(`${head}${door('ssh', 'open = tcp/22\nrate = 3/1m')}`);
    expect(await doors.compile('--to', to, '--apply', limited)).toMatchObject({
      code: 1,
      stderr: `${limited}:4: error: door "ssh": kernel rules count no opens (leave "rate" out)\n`,
    });
  });

  test.each(['address4', 'address6'] as const)('a target: only knocks at that address count: %s', async (family) => {
    const road = new Road(doors, family);
    const [target, bits] = family === 'address4' ? ['10.99.0.77', '24'] : ['fd99::77', '64'];
    await doors.server.run('ip', ['addr', 'add', `${target}/${bits}`, 'dev', 'eth0']);
    try {
      const door = timedDoor('openSSH', '7000,8000', 22, `target = ${target}`);
      await doors.load(to, door, '--family', family === 'address4' ? '4' : '6');
      await road.knock(client, '7000', '8000');
      expect(await road.state(client)).toBe('filtered');
      await client.run('knock', ['-d', '15', target, '7000', '8000']);
      expect(await road.state(client)).toBe('open');
    } finally {
      await doors.server.run('ip', ['addr', 'del', `${target}/${bits}`, 'dev', 'eth0']);
    }
  });
});
