/**
 * What a newcomer gets wrong, and what is printed then: each mistake is made, and docs/mistakes.md must say what came.
 * `UPDATE_DOCS=1` writes the page anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { repositoryRoot } from '../support/paths.ts';
import { startTcpService } from '../support/probe.ts';
import { Room } from '../support/room.ts';
import { Secret } from '../../src/crypto/secret.ts';
import { CLIENT_MISTAKES, KEY_MISTAKES } from './mistakes/client.ts';
import type { Mistake } from './mistakes/mistake.ts';
import { CONFIGURATION_MISTAKES, RUNNING_MISTAKES } from './mistakes/server.ts';

const PAGE = join(repositoryRoot(), 'docs/mistakes.md');
const CHAPTERS: readonly (readonly [string, readonly Mistake[]])[] = [
  ['The configuration', CONFIGURATION_MISTAKES],
  ['The daemon', RUNNING_MISTAKES],
  ['The client', CLIENT_MISTAKES],
  ['Keys', KEY_MISTAKES],
];
const INTRODUCTION = `# Mistakes, and what they print

What people get wrong on their first day, each made on purpose, and what is printed then, word for word. The server is called
\`gw1\` and has the address 10.99.0.1, the client is 10.99.0.2; \`~\` stands for the path of somebody's home. What to do about a port that stays shut
although nothing is printed: [troubleshooting](troubleshooting.md).
`;

/** Of whoever sits at the client. */
const HOME = '/run/alice';

/** Files of the page's own, over those of the machine; programs by their names. */
const FURNISH = `mkdir /run/bin /run/over
for folder in /etc /var; do
  mkdir -p /run/over/upper$folder /run/over/work$folder
  mount -t overlay overlay -o "lowerdir=$folder,upperdir=/run/over/upper$folder,workdir=/run/over/work$folder" $folder
done
for pair in spad=server/main spa-client=client/main spa-keys=keys/main; do
  printf '#!/bin/sh\\nexec "%s" "%s/dist/%s.js" "$@"\\n' "$NODE" "$ROOT" "\${pair#*=}" > "/run/bin/\${pair%=*}"
done
printf '#!/bin/sh\\nNODE_OPTIONS="--import=/run/late.mjs" exec "$@"\\n' > /run/bin/late
echo 'const now = Date.now; Date.now = () => now() - 3_600_000;' > /run/late.mjs
chmod 755 /run /run/bin /run/bin/*
echo '10.99.0.1 gw1.example.net gw1' >> /etc/hosts
rm -rf /etc/spad /var/lib/spad /var/log/spad
mkdir -p ${HOME}/.config`;

const secret = Secret.fromBytes(new TextEncoder().encode('only for this page, never for you'.slice(0, 32)));
const alice = new Keyholder('gw1', secret);

const SERVER_FILES = `umask 077
mkdir -p /etc/spad
cat > /etc/spad/spad.conf <<'END'
[spad]
name = gw1
interface = eth0
guard = tcp/22, tcp/8022

[access alice]
key = ${alice.base64}
allow = tcp/22, tcp/8022
default = tcp/22
END`;
const CLIENT_FILES = `umask 077
mkdir -p ${HOME}/.config/spa
cat > ${HOME}/.config/spa/profiles.ini <<'END'
[gw1]
host = gw1.example.net
server = gw1
key = ${alice.base64}
access = tcp/22
END`;

let lab: Lab;
let rooms: Readonly<Record<Mistake['on'], Room>>;
const printed = new Map<Mistake, string>();

const furnish = (files: string): string =>
  `NODE=${process.execPath}\nROOT=${repositoryRoot()}\n${FURNISH}\n(\n${files}\n)`;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['server', 'client', 'bare'] });
  const [server, client] = [lab.host('server'), lab.host('client')];
  await startTcpService(server, [22]);
  rooms = {
    server: await Room.create(server, furnish(SERVER_FILES)),
    client: await Room.create(client, furnish(CLIENT_FILES)),
    bare: await Room.create(lab.host('bare'), furnish(SERVER_FILES)),
  };
  const daemon = rooms.server.spawn('/run/bin/spad');
  await daemon.waitForLine(/^spad: ready\b/, 20_000);
});
afterAll(() => lab.close());

/** Each in a mount namespace of its own, over a copy of the sound files. */
const commit = async ({ on, make = '', type, until, undo = '' }: Mistake): Promise<string> => {
  const files = on === 'client' ? CLIENT_FILES : SERVER_FILES;
  const script = `export PATH=/run/bin:$PATH HOME=${HOME}
mount -t tmpfs tmpfs ${on === 'client' ? `${HOME}/.config` : '/etc/spad'}
chmod 700 /etc/spad 2>/dev/null
${files}
umask 022
${make}
${until === undefined ? `${type} 2>&1` : endedAt(type, until)}
echo "(exit status $?)"
${undo}`;
  const words = ['--mount', '--propagation', 'private', 'sh', '-c', script];
  const { stdout } = await rooms[on].exec('unshare', words, { timeoutMs: 40_000 });
  return plain(stdout);
};

const endedAt = (line: string, text: string): string => `${line} > /run/printed 2>&1 &
until grep -q '${text}' /run/printed || ! kill -0 $! 2>/dev/null; do sleep 0.1; done
kill $!
wait $!
status=$?
cat /run/printed
(exit $status)`;

/** What differs from run to run. */
const plain = (text: string): string =>
  text
    .replaceAll(repositoryRoot(), '/usr/lib/node_modules/spad')
    .replaceAll(HOME, '~')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, '2026-11-30 12:00:00 UTC')
    .replaceAll(/until \d\d:\d\d:\d\d/g, 'until 12:00:30')
    .replaceAll(/\bpid \d+/g, 'pid 4711')
    .trimEnd();

const show = ({ title, said, type }: Mistake, output: string): string => {
  const lines = [`$ ${type}`, ...output.split('\n')].map((line) => `    ${line}`.trimEnd());
  return `### ${title}\n\n${said === undefined ? '' : `${said}\n\n`}${lines.join('\n')}\n`;
};

describe.each(CHAPTERS)('%s', (_, mistakes) => {
  test.each(mistakes.map((mistake) => [mistake.title, mistake] as const))('%s', async (_title, mistake) => {
    const output = await commit(mistake);
    printed.set(mistake, output);
    expect(output).toContain(`(exit status ${String(mistake.status)})`);
    if (process.env['UPDATE_DOCS'] === undefined) expect(readFileSync(PAGE, 'utf8')).toContain(show(mistake, output));
  });
});

afterAll(() => {
  const isWhole = CHAPTERS.every(([, mistakes]) => mistakes.every((mistake) => printed.has(mistake)));
  if (process.env['UPDATE_DOCS'] === undefined || !isWhole) return;
  const chapters = CHAPTERS.map(([title, mistakes]) => {
    const texts = mistakes.map((mistake) => show(mistake, printed.get(mistake) ?? ''));
    return `\n## ${title}\n\n${texts.join('\n')}`;
  });
  writeFileSync(PAGE, INTRODUCTION + chapters.join(''));
});
