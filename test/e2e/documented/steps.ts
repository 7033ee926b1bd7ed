/** The commands of the documentation that are run here, as they are written, one after the other. */

export interface Step {
  readonly command: string;
  readonly on: 'client' | 'server';
  /** Run before it, by sh. */
  readonly before?: string;
  readonly input?: string;
  /** Of both outputs together. */
  readonly says?: RegExp;
  /** Where it is not 0. */
  readonly code?: RegExp;
  /** It goes on until it is stopped: what it says when it is under way. */
  readonly until?: RegExp;
}

/** By this name the invite is put into an input. */
export const INVITE = '@INVITE@';

const server = (command: string, more: Omit<Step, 'command' | 'on'> = {}): Step => ({ command, on: 'server', ...more });
const client = (command: string, more: Omit<Step, 'command' | 'on'> = {}): Step => ({ command, on: 'client', ...more });

const OPEN = /open: tcp\/22 for 10\.99\.0\.1 until \d\d:\d\d:\d\d \(30s\)/;
const READY = /^spad: ready\b/;
const BEGIN = 'systemctl start spad';
const END = 'systemctl stop spad; spad flush';

const OPERATING: readonly Step[] = [
  server('sudo spad init --name gw1 --client alice --host gw1.example.net', {
    input: '\ntcp/22\n',
    says: /come in on \[eth0\][^]*spad\.conf is written[^]*\nspa1-\S+\n/,
    code: /^[01]$/,
  }),
  server('sudo spad check [-c FILE] [--json]', { says: /no errors, 1 client/, code: /^[013]$/ }),
  server('spad --check', { says: /no errors, 1 client/ }),
  server('sudo spad start --confirm 2m', { until: READY }),
  server('sudo spad start --confirm 60s', { until: READY }),
  client('spa-client join -', {
    before: BEGIN,
    input: INVITE,
    says: /wrote the profile \[gw1\][^]*ready: spa-client gw1 --wait && ssh gw1\.example\.net/,
  }),
  client('spa-client gw1', { says: OPEN }),
  client('spa-client --access tcp/22 gw1 && ssh gw1', { says: OPEN }),
  client('spa-client --wait gw1', { says: OPEN }),
  client('ssh gw1.example.net'),
  server('sudo spad grants', { says: /alice +10\.99\.0\.1 +tcp\/22[^]*1 grant; the firewall agrees/ }),
  server('sudo spad revoke alice', {
    says: /STANZA +ADDRESS +PORTS +UNTIL +LEFT\nalice +10\.99\.0\.1 +tcp\/22 [^]*1 grant revoked: the firewall has closed what they had open/,
  }),
  server('sudo spad open --for 30m 192.0.2.9 tcp/22 tcp/443', {
    says: /operator +192\.0\.2\.9 +tcp\/22, tcp\/443 .* 30m\n/,
  }),
  server('sudo spad tail', { until: /granted +operator +tcp\/22, tcp\/443 for 192\.0\.2\.9 / }),
  server(`jq -r 'select(.event=="rejected") | [.time,.stanza,.source,.reason] | @tsv' /var/log/spad/audit.jsonl`),
  server('sudo spad metrics', { says: /# EOF\n$/ }),
  server('spad report -o report.html', { says: /report\.html/ }),
  server('spad report --since 7d -o week.html', { says: /week\.html/ }),
  server('spad report old.jsonl.2.gz old.jsonl -o a.html', {
    before: 'cp /var/log/spad/audit.jsonl old.jsonl; gzip -c old.jsonl > old.jsonl.2.gz',
    says: /a\.html/,
  }),
  server('ssh gw1 cat /var/log/spad/audit.jsonl | spad report - -o gw1.html', { says: /gw1\.html/ }),
  server('sudo cp filter.d/spad.conf /etc/fail2ban/filter.d/', {
    before: 'cp -r "$ROOT/packaging/fail2ban/." . && mkdir -p /etc/fail2ban/filter.d /etc/fail2ban/jail.d',
  }),
  server('sudo cp jail.d/spad.conf /etc/fail2ban/jail.d/'),
  server('fail2ban-regex /var/log/spad/audit.jsonl /etc/fail2ban/filter.d/spad.conf', {
    says: /Lines: [1-9]\d* lines/,
  }),
  server('spad report --json', { says: /^\{/ }),
  server('systemctl reload spad'),
  server('sudo systemctl reload spad'),
  server('spad --check && systemctl reload spad'),
  server('spad --check && systemctl restart spad'),
  server('nft list table inet spad', { says: /table inet spad \{/ }),
  server('sudo spa-keys invite alice --host gw1.example.net', { says: /\nspa1-\S+\n/ }),
  server('spa-keys emergency alice --host gw1.example.net --write --html > codes.html && head -1 codes.html', {
    says: /<!doctype html>/i,
  }),
  server('spa-keys emergency alice --write && systemctl reload spad', { says: /emergency|code/i }),
  server('sudo spa-keys revoke alice && sudo systemctl reload spad'),
  server('sudo systemctl stop spad'),
  server('sudo spad flush'),
];

const COMPLETIONS: readonly Step[] = [
  client('source <(spa-client completion bash) && complete -p spa-client', {
    says: /complete -F _spa_client spa-client/,
  }),
  client(
    'mkdir -p ~/.config/fish/completions && spa-client completion fish > ~/.config/fish/completions/spa-client.fish',
  ),
];

const FWKNOP: readonly Step[] = [
  server('spad --check --fwknop-access /etc/fwknop/access.conf --fwknop-config /etc/fwknop/fwknopd.conf', {
    says: /no errors/,
  }),
  server('sudo spad --check --fwknop-access /etc/fwknop/access.conf --fwknop-config /etc/fwknop/fwknopd.conf'),
  server('spad --fwknop-access /etc/fwknop/access.conf --fwknop-config /etc/fwknop/fwknopd.conf', { until: READY }),
  server('sudo spad --fwknop-access /etc/fwknop/access.conf --fwknop-config /etc/fwknop/fwknopd.conf', {
    until: READY,
  }),
  server(
    'spad import --fwknop /etc/fwknop/access.conf --fwknop-config /etc/fwknop/fwknopd.conf --out /etc/spad/spad.conf',
    { before: `${END}; rm -rf /etc/spad/spad.conf /var/lib/spad`, says: /spad\.conf is written/ },
  ),
  client('spa-client -n myserver --wait', { before: BEGIN }),
  client('spa-client -n office --wait && ssh gw.example.net'),
  client('spa-client fwknop -n office'),
  client('spa-client fwknop -n srv'),
];

const DOORS: readonly Step[] = [
  server('spad knockd -c /etc/knockd.conf -v', { before: END, until: /listening on eth0/ }),
  // Without -v it says what it does in its log alone.
  server(
    'sudo spad knockd -c /etc/knockd.conf -i eth0 & until grep -qs "listening on eth0" /run/knockd.log; do sleep 0.1; done; kill $!; wait $! || true',
    { before: 'rm -f /run/knockd.log' },
  ),
  server('spad compile --to nftables /etc/knockd.conf', { says: /table inet spad/ }),
  server('spad compile --to nftables --apply /etc/knockd.conf && nft list ruleset', { says: /table inet spad/ }),
  server('spad compile --to nftables --remove && ! nft list ruleset | grep -q spad'),
  server('spad compile --to iptables --family 4 /etc/knockd.conf | iptables-restore --noflush --test'),
  server('spad compile --to iptables --family 6 /etc/knockd.conf | ip6tables-restore --noflush --test'),
  server('spad compile --to iptables --apply /etc/knockd.conf && iptables-save', { says: /spad/i }),
  server('spad compile --to iptables --remove && ! iptables-save | grep -qi spad'),
  client("spa-client knock --secret-file door.key --name 'front door' gw1.example.net"),
  client('knock gw1.example.net 33714:tcp 26880:udp 28053:udp 25840:udp'),
];

/** The blocks of a page that are files, put to where they belong. */
const filesOf = (page: string): string => `${END}; nft flush ruleset; put-files docs/firewalls/${page}`;
const opens = client('spa-client --wait fixed', { says: OPEN });

/** Each page's own files, and its commands. */
const FIREWALLS: readonly Step[] = [
  server('nft -f /etc/nftables.conf && spad --check && systemctl restart spad', { before: filesOf('nft-set.md') }),
  opens,
  server('nft list set inet filter spad4', { says: /10\.99\.0\.1 \. tcp \. 22 timeout \d/ }),
  server('spad --check && systemctl restart spad', { before: filesOf('nftables.md') }),
  opens,
  server('nft list table inet spad', { says: /10\.99\.0\.1 \. tcp \. 22 timeout \d/ }),
  server('spad --check && systemctl restart spad', { before: filesOf('iptables.md') }),
  opens,
  server('iptables -t mangle -S SPAD-GRANT', { says: /-s 10\.99\.0\.1\/32/ }),
  server('ipset -exist create allowed hash:net', { before: filesOf('command.md') }),
  server('iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT'),
  server('iptables -A INPUT -p tcp --dport 22 -m set --match-set allowed src -j ACCEPT'),
  server('iptables -A INPUT -p tcp --dport 22 -j DROP'),
  server('spad --check && systemctl restart spad'),
  opens,
  server('ipset list allowed', { says: /^10\.99\.0\.1$/m }),
];

export const STEPS: readonly Step[] = [...OPERATING, ...COMPLETIONS, ...FWKNOP, ...DOORS, ...FIREWALLS];
