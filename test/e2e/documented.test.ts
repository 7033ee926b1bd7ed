/** Every command that README.md and docs/ show is run by a test: here, as it is written, or by one that is named. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab } from '../support/lab.ts';
import { repositoryRoot } from '../support/paths.ts';
import { startTcpService } from '../support/probe.ts';
import { Room } from '../support/room.ts';
import { callsIn, commandsInBlocks, commandsInText, pages } from './documented/commands.ts';
import { ELSEWHERE, NOT_RUN } from './documented/elsewhere.ts';
import { INVITE, type Step, STEPS } from './documented/steps.ts';

const root = (path: string): string => join(repositoryRoot(), path);
const shown = pages().flatMap(commandsInBlocks);

/** What a step adds to a documented command, to see what came of it. */
const isRunBy = (command: string, step: Step): boolean =>
  step.command === command ||
  [`${command} && `, `${command} | `, `${command} & `].some((begin) => step.command.startsWith(begin)) ||
  step.command.endsWith(` && ${command}`);

describe('every command', () => {
  test('is run here, or elsewhere, or cannot be run', () => {
    const stray = shown.filter(
      ({ command }) =>
        !STEPS.some((step) => isRunBy(command, step)) &&
        !Object.hasOwn(ELSEWHERE, command) &&
        !NOT_RUN.some(([pattern]) => pattern.test(command)),
    );
    expect(
      stray.map(({ at, command }) => `${at} ${command}`),
      'a command in the documentation that nobody runs will be wrong one day: run it in test/e2e/documented/steps.ts, or name the test that does in test/e2e/documented/elsewhere.ts',
    ).toEqual([]);
  });

  test('that is run elsewhere is found there, and still shown', () => {
    const wrong = Object.entries(ELSEWHERE).flatMap(([command, [file, ...words]]) => {
      if (!existsSync(root(file))) return [`${command}: there is no ${file}`];
      const text = readFileSync(root(file), 'utf8');
      const missing = words.filter((word) => !text.includes(word)).map((word) => `${command}: ${file} has no ${word}`);
      return [...missing, ...(shown.some((each) => each.command === command) ? [] : [`${command}: no page shows it`])];
    });
    expect(wrong).toEqual([]);
  });

  test('of npm is a script that there is', () => {
    const { scripts } = JSON.parse(readFileSync(root('package.json'), 'utf8')) as { scripts: object };
    const names = pages().flatMap((page) =>
      [...readFileSync(root(page), 'utf8').matchAll(/npm run ([a-z:]+)/g)].map(([, name = '']) => name),
    );
    expect(names.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

const FURNISH = `mkdir -p /run/bin /run/over /run/home/.config
for folder in /etc /var; do
  mkdir -p /run/over/upper$folder /run/over/work$folder
  mount -t overlay overlay -o "lowerdir=$folder,upperdir=/run/over/upper$folder,workdir=/run/over/work$folder" $folder
done
for name in spad spa-client spa-keys knock fwknop; do
  printf '#!/bin/sh\\nexec "%s" "%s/dist/bin/%s.cjs" "$@"\\n' "$NODE" "$ROOT" $name > /run/bin/$name
done
printf '#!/bin/sh\\nexec "$@"\\n' > /run/bin/sudo
printf '#!/bin/sh\\nhost=$1; shift; [ $# -eq 0 ] || exec "$@"; exec nc -z -w 10 "$host" 22\\n' > /run/bin/ssh
cat > /run/bin/systemctl <<'END'
#!/bin/sh
case "$1 $2" in
'reload spad') exec spad reload ;;
'start spad')
  setsid spad >>/run/spad.log 2>&1 </dev/null &
  for i in $(seq 200); do spad status --json | grep -q '"capture"' && exit; sleep 0.1; done
  cat /run/spad.log; exit 1 ;;
'stop spad')
  pid=$(spad status --json | jq -r '.pid // empty')
  [ -z "$pid" ] || kill "$pid"
  while spad status --json | grep -q '"running":true'; do sleep 0.1; done ;;
'restart spad') systemctl stop spad; exec systemctl start spad ;;
*) exit 5 ;;
esac
END
printf '#!/bin/sh\\nrm -rf /etc/spad/spad.conf /var/lib/spad\\nexec sh "%s/test/support/shells/put-files.sh" "%s/$1"\\n' "$ROOT" "$ROOT" > /run/bin/put-files
chmod 755 /run/bin/*
echo '10.99.0.2 gw1.example.net gw1 gw.example.net srv' >> /etc/hosts
rm -rf /etc/spad /var/lib/spad /var/log/spad /etc/fwknop
mkdir -p /etc/fwknop
umask 077
mkdir -p /etc/spad/keys /run/home/.config/spa
echo 'Scxl3X8HSFvmH6XPspxgiqm8vC0KOOrOqOkVUg2G0yc=' > /etc/spad/keys/alice
printf '[fixed]\\nhost = gw1.example.net\\nserver = gw1\\nkey_file = /etc/spad/keys/alice\\naccess = tcp/22\\nopen_for = 30s\\n\\n' > /run/home/.config/spa/profiles.ini
printf 'SOURCE ANY\\nKEY open-sesame\\nHMAC_KEY hush\\nOPEN_PORTS tcp/22\\n' > /etc/fwknop/access.conf
printf 'PCAP_INTF eth0;\\n' > /etc/fwknop/fwknopd.conf
for name in myserver office srv; do
  printf '[%s]\\nSPA_SERVER gw1.example.net\\nKEY open-sesame\\nHMAC_KEY hush\\nUSE_HMAC Y\\nACCESS tcp/22\\nALLOW_IP 10.99.0.1\\n' $name
done > /run/home/.fwknoprc
echo 'Scxl3X8HSFvmH6XPspxgiqm8vC0KOOrOqOkVUg2G0yc=' > /run/home/door.key
awk '/<!-- doors: timed -->/ { on = 1; next } on && /^    / { print substr($0, 5); seen = 1; next } on && seen && /^[^ ]/ { exit } on { print "" }' \
  "$ROOT/README.md" | sed 's#/var/log/knockd.log#/run/knockd.log#' > /etc/knockd.conf`;

describe('run as it is written', () => {
  let lab: Lab;
  const rooms = new Map<Step['on'], Room>();
  let invite = '';

  beforeAll(async () => {
    lab = await Lab.create({ hosts: ['client', 'server'] });
    await startTcpService(lab.host('server'), [22]);
    for (const name of ['client', 'server'] as const) {
      const env = `NODE='${process.execPath}' ROOT='${repositoryRoot()}'`;
      rooms.set(name, await Room.create(lab.host(name), `${env}\n${FURNISH}`));
    }
  });
  afterAll(() => lab.close());

  const env = {
    ROOT: repositoryRoot(),
    HOME: '/run/home',
    XDG_CONFIG_HOME: '',
    XDG_STATE_HOME: '',
    XDG_CACHE_HOME: '',
    SSH_CONNECTION: undefined,
  };
  const words = (script: string): string[] => ['-c', `cd /run/home; export PATH="/run/bin:$PATH"; ${script}`];

  test.each(STEPS.map((step) => [step.command, step] as const))(
    '%s',
    async (_, step) => {
      const room = rooms.get(step.on);
      if (room === undefined) throw new Error('no such room');
      // What is shown in brackets may be left out.
      const command = step.command.replaceAll(/ \[-[^\]]*\]/g, '');
      if (step.before !== undefined)
        await rooms.get('server')?.exec('bash', words(step.before), { env, timeoutMs: 60_000 });
      if (step.until !== undefined) {
        const child = room.spawn('bash', words(`${command} 2>&1 & trap 'kill $!; wait' TERM; wait`), { env });
        await child.waitForLine(step.until, 30_000);
        await child.stop('SIGTERM', 20_000);
        return;
      }
      const input = step.input?.replace(INVITE, `${invite}\n`) ?? '';
      const { code, stdout, stderr } = await room.exec('bash', words(command), { env, input, timeoutMs: 60_000 });
      const said = `${stdout}${stderr}`;
      expect(String(code), said).toMatch(step.code ?? /^0$/);
      if (step.says !== undefined) expect(said).toMatch(step.says);
      invite = /^spa1-\S+$/m.exec(said)?.[0] ?? invite;
    },
    120_000,
  );
});

describe('in the text', () => {
  test('every command, sub-command and option is one that there is', async () => {
    const lab = await Lab.create({ hosts: ['reader'] });
    const reader = lab.host('reader');
    const helps = new Map<string, string>();
    const helpOf = async (call: readonly string[]): Promise<string> => {
      const name = call.join(' ');
      const [program = '', ...rest] = call;
      const bin = root(`dist/bin/${program}.cjs`);
      const known = helps.get(name);
      if (known !== undefined) return known;
      const { stdout } = await reader.exec(process.execPath, [bin, ...rest, '--help'], { timeoutMs: 30_000 });
      helps.set(name, stdout);
      return stdout;
    };
    const wrong: string[] = [];
    try {
      for (const { at, command } of [...shown, ...pages().flatMap(commandsInText)]) {
        for (const [program = '', ...rest] of callsIn(command)) {
          const commands = [...(await helpOf([program])).matchAll(/^ {2}([a-z][a-z-]+)(?=[ |])/gm)].map(
            ([, name]) => name,
          );
          const sub = commands.includes(rest[0]) && !['knock', 'fwknop'].includes(program) ? rest[0] : undefined;
          if (sub === 'knockd') continue;
          // proxy, ready and exec take options that spa-client --help explains.
          const help = `${await helpOf(sub === undefined ? [program] : [program, sub])}${['proxy', 'ready', 'exec'].includes(sub ?? '') ? await helpOf([program]) : ''}`;
          const options = rest
            .map((word) => /^(--?[A-Za-z0-9][\w-]*)/.exec(word)?.[1])
            .filter((word) => word !== undefined);
          const unknown = options.filter((option) => !new RegExp(`(?<![\\w-])${option}(?![\\w-])`).test(help));
          wrong.push(...unknown.map((option) => `${at}: ${[program, sub].join(' ')} has no ${option}`));
        }
      }
    } finally {
      await lab.close();
    }
    expect(wrong, 'the page names an option that --help does not').toEqual([]);
    expect(helps.size).toBeGreaterThan(15);
  }, 240_000);
});
