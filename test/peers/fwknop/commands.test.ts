/** Command messages and command cycles: what is run, as whom, with which words, and what closes again. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../support/wait.ts';
import type { Variables } from './harness/fwknopd.ts';
import { scenario } from './harness/scenario.ts';
import type { Stage } from './harness/stage.ts';

const KEYS: Variables = [
  ['SOURCE', 'ANY'],
  ['KEY', 'commands'],
  ['HMAC_KEY', 'commands hmac'],
];

const KEY_WORDS = ['--key-rijndael', 'commands', '--key-hmac', 'commands hmac'];

/** Sends a packet of the client's and waits until it has been dealt with. */
async function ask(stage: Stage, ...words: readonly string[]): Promise<void> {
  await stage.send([await stage.make(...words, ...KEY_WORDS)]);
  await stage.settle();
}

/** A program that adds a line to a file: who ran it and with which words. */
class Recorder {
  readonly program: string;
  private readonly file: string;

  constructor(stage: Stage) {
    this.program = join(stage.dir, 'recorder');
    this.file = join(stage.effectsDir, 'recorded');
    const script = `#!/bin/sh\n{ printf '%s in %s:' "$(id -un)" "$PWD"; printf ' [%s]' "$@"; echo; } >>${this.file}\n`;
    writeFileSync(this.program, script, { mode: 0o755 });
  }

  get lines(): readonly string[] {
    return existsSync(this.file) ? readFileSync(this.file, 'utf8').split('\n').slice(0, -1) : [];
  }

  /** Waits until there are so many lines. */
  async wait(count: number, withinMs = 30_000): Promise<readonly string[]> {
    await waitUntil(`${count} recorded lines`, () => this.lines.length >= count, withinMs).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${this.lines.join('; ')}`);
    });
    return this.lines;
  }
}

scenario('a command is split at blanks and sees no shell', async (stage, expect) => {
  const recorder = new Recorder(stage);
  await stage.start([[...KEYS, ['ENABLE_CMD_EXEC', 'Y']]]);
  await ask(stage, '-a', 'CLIENT_IP', '-C', `${recorder.program} one  'two three' "four" $HOME ; * > x`);
  expect(await recorder.wait(1)).toEqual([`root in /: [one] ['two] [three'] ["four"] [$HOME] [;] [*] [>] [x]`]);
});

scenario('a command is refused where commands are not enabled', async (stage, expect) => {
  const recorder = new Recorder(stage);
  await stage.start([KEYS]);
  await ask(stage, '-a', 'CLIENT_IP', '-C', recorder.program);
  await sleep(500);
  expect(recorder.lines).toEqual([]);
});

scenario('a command is run as another user', async (stage, expect) => {
  const recorder = new Recorder(stage);
  await stage.server.run('chmod', ['a+rwx', stage.dir, stage.effectsDir]);
  await stage.start([[...KEYS, ['ENABLE_CMD_EXEC', 'Y'], ['CMD_EXEC_USER', 'nobody']]]);
  await ask(stage, '-a', 'CLIENT_IP', '-C', `${recorder.program} me`);
  expect(await recorder.wait(1)).toEqual(['nobody in /: [me]']);
});

scenario('a command that does not exist does no harm', async (stage, expect) => {
  const recorder = new Recorder(stage);
  await stage.start([[...KEYS, ['ENABLE_CMD_EXEC', 'Y']]]);
  await ask(stage, '-a', 'CLIENT_IP', '-C', '/no/such/program');
  await ask(stage, '-a', 'CLIENT_IP', '-C', stage.effectsDir);
  await ask(stage, '-a', 'CLIENT_IP', '-C', `${recorder.program} after`);
  expect(await recorder.wait(1)).toEqual(['root in /: [after]']);
});

scenario('a stanza for commands opens ports as well', async (stage, expect) => {
  await stage.start([[...KEYS, ['ENABLE_CMD_EXEC', 'Y']]]);
  await ask(stage, '-a', 'CLIENT_IP', '-A', 'tcp/22');
  expect(await stage.open()).toEqual(['10.99.0.1 tcp/22']);
});

scenario('a command that takes its time holds up fwknopd, and not spad', async (stage, expect) => {
  await stage.start([[...KEYS, ['ENABLE_CMD_EXEC', 'Y']]]);
  const packets = [
    await stage.make('-a', 'CLIENT_IP', '-C', '/bin/sleep 10', ...KEY_WORDS),
    await stage.make('-a', 'CLIENT_IP', '-A', 'tcp/22', ...KEY_WORDS),
  ];
  const start = performance.now();
  await stage.send(packets);
  await waitUntil('the port to open', () => stage.granted().length > 0, 30_000);
  const took = performance.now() - start;
  if (stage.peer.side === 'fwknopd') expect(took).toBeGreaterThan(9500);
  else expect(took).toBeLessThan(9500);
});

// --- cycles

/** A stanza that records instead of opening. */
function cycle(recorder: Recorder, timer: number, ...more: Variables): Variables {
  const words = '$IP $SRC $PKT_SRC $DST $PORT $PROTO $CLIENT_TIMEOUT';
  const has = (name: string): boolean => more.some(([given]) => given === name);
  return [
    ...KEYS,
    ['CMD_CYCLE_OPEN', `${recorder.program} open ${words}`],
    ...(has('CMD_CYCLE_CLOSE') ? [] : [['CMD_CYCLE_CLOSE', `${recorder.program} close ${words}`] as const]),
    ['CMD_CYCLE_TIMER', String(timer)],
    ...more,
  ];
}

const line = (verb: string, address: string, rest: string): string =>
  `root in /: [${verb}] [${address}] [${address}] [10.99.0.1] [10.99.0.3] ${rest}`;

scenario('a cycle opens and closes, in fwknopd for the first port alone', async (stage, expect) => {
  const recorder = new Recorder(stage);
  await stage.start([cycle(recorder, 2)]);
  const start = performance.now();
  await ask(stage, '-A', 'udp/53,tcp/80', '-a', '192.0.2.7');
  const ports = stage.peer.side === 'fwknopd' ? ['[53] [17] [2]'] : ['[53] [17] [2]', '[80] [6] [2]'];
  const lines = (verb: string): readonly string[] => ports.map((port) => line(verb, '192.0.2.7', port)).sort();
  expect([...(await recorder.wait(ports.length))].sort()).toEqual(lines('open'));
  expect([...(await recorder.wait(2 * ports.length))].sort()).toEqual([...lines('close'), ...lines('open')].sort());
  expect(performance.now() - start).toBeGreaterThan(1000);
  expect(await stage.open()).toEqual([]);
});

scenario("a cycle ends when the client's time is over", async (stage, expect) => {
  const recorder = new Recorder(stage);
  await stage.start([cycle(recorder, 600)]);
  await ask(stage, '-A', 'tcp/22', '-a', '192.0.2.7', '-f', '1');
  expect(await recorder.wait(2)).toEqual([
    line('open', '192.0.2.7', '[22] [6] [1]'),
    line('close', '192.0.2.7', '[22] [6] [1]'),
  ]);
});

scenario('a cycle with the source of the packet', async (stage, expect) => {
  const recorder = new Recorder(stage);
  await stage.start([cycle(recorder, 1)]);
  await ask(stage, '-A', 'tcp/22', '-s');
  expect(await recorder.wait(2)).toEqual([
    line('open', '10.99.0.1', '[22] [6] [1]'),
    line('close', '10.99.0.1', '[22] [6] [1]'),
  ]);
});

scenario('a cycle says when it ends', async (stage, expect) => {
  const recorder = new Recorder(stage);
  await stage.start([
    [
      ...KEYS,
      ['CMD_CYCLE_OPEN', `${recorder.program} $TIMEOUT`],
      ['CMD_CYCLE_CLOSE', `${recorder.program} $TIMEOUT`],
      ['CMD_CYCLE_TIMER', '2'],
    ],
  ]);
  await ask(stage, '-A', 'tcp/22', '-a', '192.0.2.7');
  const ends = (await recorder.wait(2)).map((text) => Number(/\[(\d+)\]/.exec(text)?.[1]) - Date.now() / 1000);
  for (const end of ends) expect(Math.abs(end)).toBeLessThan(20);
});

scenario('a cycle without a close command', async (stage, expect) => {
  const recorder = new Recorder(stage);
  await stage.start([cycle(recorder, 1, ['CMD_CYCLE_CLOSE', 'NONE'])]);
  await ask(stage, '-A', 'tcp/22', '-a', '192.0.2.7');
  await recorder.wait(1);
  await sleep(2500);
  expect(recorder.lines).toEqual([line('open', '192.0.2.7', '[22] [6] [1]')]);
});

scenario('three cycles at the same time', async (stage, expect) => {
  const recorder = new Recorder(stage);
  await stage.start([cycle(recorder, 8)]);
  for (const last of [1, 2, 3]) await ask(stage, '-A', 'tcp/22', '-a', `192.0.2.${last}`);
  const lines = await recorder.wait(6);
  const wanted = ['open', 'close'].flatMap((verb) =>
    [1, 2, 3].map((last) => line(verb, `192.0.2.${last}`, '[22] [6] [8]')),
  );
  expect(lines).toEqual(wanted);
});

scenario('a stanza of cycles runs no commands', async (stage, expect) => {
  const recorder = new Recorder(stage);
  await stage.start([cycle(recorder, 1)]);
  await ask(stage, '-a', 'CLIENT_IP', '-C', `${recorder.program} a command`);
  await sleep(500);
  expect(recorder.lines).toEqual([]);
});

scenario('a cycle is run once for a packet that comes twice', async (stage, expect) => {
  const recorder = new Recorder(stage);
  await stage.start([cycle(recorder, 1)]);
  const packet = await stage.make('-A', 'tcp/22', '-a', '192.0.2.7', ...KEY_WORDS);
  await stage.send([packet, packet]);
  await stage.settle();
  await recorder.wait(2);
  await stage.send([packet]);
  await stage.settle();
  await sleep(1500);
  expect(recorder.lines).toHaveLength(2);
});

/** In fwknopd the close command is forgotten, and what it should have closed stays open. */
const CLOSES: readonly (readonly [string, (stage: Stage) => Promise<void>])[] = [
  ['the configuration is read again', (stage) => stage.peer.reload()],
  [
    'the daemon is stopped and started',
    async (stage) => {
      await stage.peer.stop();
      await stage.peer.start();
    },
  ],
  [
    'the daemon is killed and started',
    async (stage) => {
      await stage.peer.stop('SIGKILL');
      await stage.peer.start();
    },
  ],
];

for (const [title, happens] of CLOSES) {
  scenario(`a cycle closes although ${title}; in fwknopd it does not`, async (stage, expect) => {
    const recorder = new Recorder(stage);
    await stage.start([cycle(recorder, 3)]);
    await ask(stage, '-A', 'tcp/22', '-a', '192.0.2.7');
    await recorder.wait(1);
    await happens(stage);
    if (stage.peer.side === 'fwknopd') await sleep(4000);
    else await recorder.wait(2);
    const verbs = recorder.lines.map((text) => /\[(\w+)\]/.exec(text)?.[1]);
    expect(verbs).toEqual(stage.peer.side === 'fwknopd' ? ['open'] : ['open', 'close']);
  });
}
