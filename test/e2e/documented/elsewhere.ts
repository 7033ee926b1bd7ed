/** The commands of the documentation that are not run by test/e2e/documented.test.ts: who runs them, or why nobody can. */

/** By command: the test that runs it, and words by which it is found there. */
export const ELSEWHERE: Readonly<Record<string, readonly [file: string, ...words: string[]]>> = {
  'sudo spad confirm': ['test/e2e/confirm.test.ts', 'confirm', 'session'],
  'spa-client exec gw1 -- rsync -a here/ gw1.example.net:there/': ['test/e2e/exec.test.ts', "'exec'", "'--'"],
  'spa-client exec -A tcp/22,udp/60000-60010 gw1 -- mosh gw1.example.net': ['test/e2e/exec.test.ts', "'exec'", "'-A'"],
  'spa-client -A tcp/2222 --forward 10.0.0.5:22 --wait gw1 && ssh -p 2222 gw1.example.net': [
    'test/e2e/forward.test.ts',
    "'--forward'",
    "'--wait'",
  ],
  'spad explain knock.pcap': ['test/e2e/explain.test.ts', "'explain', '-c'", 'tcpdump'],
  'spa-client install-ssh gw1': ['test/e2e/connect.test.ts', 'install-ssh'],
  'sudo spa-keys rotate alice && sudo systemctl reload spad': ['test/e2e/rotate.test.ts', "'rotate', ...words"],
  'sudo spa-keys rotate alice --grace 14d': ['test/e2e/rotate.test.ts', "'alice', '--grace'"],
  'sudo spa-keys rotate --finish alice': ['test/e2e/rotate.test.ts', "'--finish', 'alice'"],
  'source <(spa-client completion zsh)': ['test/e2e/completion.test.ts', "'zsh'", "'completion', shell"],
  'firewall-cmd --list-rich-rules': ['test/support/firewalld.ts', "'--list-rich-rules'"],
  'ufw status': ['test/e2e/firewalls/ufw-files.test.ts', "'status'"],
  'sudo apt install ./build/spad_*.deb': ['test/e2e/package.test.ts', "'install', inDebian()"],
  'sudo systemctl daemon-reload && sudo systemctl restart spad': [
    'test/e2e/booted-own-user.test.ts',
    'docs/package.md',
  ],
  'npm run package': ['test/support/deb.ts', "'tools/package.js'"],
  'npm ci && npm run package': ['test/support/deb.ts', "'tools/package.js'"],
  'sudo npm install -g --allow-scripts=pcap .': ['test/e2e/npm-install.test.ts', 'install'],
};

/** By pattern: why nobody runs it. Each is about the reader's own machine, or is what runs the tests. */
export const NOT_RUN: readonly (readonly [command: RegExp, why: string])[] = [
  [/^(?:sudo )?apt-get install /, 'changes the machine that the tests run on; tools/prepare.sh does it where it may'],
  [/^journalctl /, 'there is no journal in a laboratory; test/e2e/booted.test.ts asks a real one'],
  [/^git clone /, "the place of the repository is the reader's"],
  [
    /^(?:sudo )?systemctl (?:stop|disable|enable|edit)\b/,
    "the services of the reader's machine; booted.test.ts and booted-package.test.ts have a systemd of their own",
  ],
  [
    /^cp packaging\/systemd\/\S+ \/etc\/systemd\/system\/$/,
    'installed from sources; booted.test.ts runs the units as the package installs them',
  ],
  [/^ufw (?:allow|enable)\b/, "the firewall of the reader's machine; ufw.test.ts enables one of its own"],
  [/^echo .* > \/etc\/(?:sysctl\.d|modprobe\.d)\//, 'is about the kernel, which a laboratory shares with its machine'],
  [/^(?:spa-client )?fwknop -A tcp\/22 -R -D /, 'asks a web service on the Internet for the address'],
  [
    /^npm (?:test|ci && npm run build|run demo|run (?:bench|fuzz|kills|soak|mutation).*)$|^npx vitest run /,
    'is what runs this test, builds what it runs, or takes minutes by itself',
  ],
];
