import type { Mistake } from './mistake.ts';

const CONF = '/etc/spad/spad.conf';

/** Replaces the line of a key in spad.conf. */
const set = (key: string, line: string): string => `sed -i 's|^${key} .*|${line}|' ${CONF}`;

/** Takes files away: from a copy of their folders, which only the mistake sees. */
const without = (...patterns: readonly string[]): string =>
  patterns
    .map(
      (pattern) => `for file in ${pattern}; do
  folder=$(dirname "$file") over=$(mktemp -d)
  mount -t tmpfs tmpfs "$over" && mkdir "$over/upper" "$over/work"
  mount -t overlay overlay -o "lowerdir=$folder,upperdir=$over/upper,workdir=$over/work" "$folder" && rm "$file"
done`,
    )
    .join('\n');

export const CONFIGURATION_MISTAKES: readonly Mistake[] = [
  { title: 'No configuration yet', on: 'server', make: `rm ${CONF}`, type: 'spad --check', status: 1 },
  {
    title: 'A typo in a key',
    ...{ on: 'server', make: set('guard', 'gaurd = tcp/22'), type: 'spad --check', status: 1 },
  },
  {
    title: 'A typo in the name of a section',
    ...{ on: 'server', make: `sed -i 's|^.access alice.|[acess alice]|' ${CONF}`, type: 'spad --check', status: 1 },
  },
  {
    title: 'A port without its protocol',
    ...{ on: 'server', make: set('guard', 'guard = 22'), type: 'spad --check', status: 1 },
  },
  {
    title: 'No name for the server',
    ...{ on: 'server', make: `sed -i '/^name /d' ${CONF}`, type: 'spad --check', status: 1 },
  },
  {
    title: 'A stanza without a key',
    ...{ on: 'server', make: `sed -i '/^key /d' ${CONF}`, type: 'spad --check', status: 1 },
  },
  {
    title: 'A key with a letter missing',
    ...{ on: 'server', make: `sed -i 's|^key = .|key = |' ${CONF}`, type: 'spad --check', status: 1 },
  },
  {
    title: 'A stanza that allows no port',
    ...{ on: 'server', make: `sed -i '/^allow /d' ${CONF}`, type: 'spad --check', status: 1 },
  },
  {
    title: 'A date in words',
    ...{ on: 'server', make: `echo 'expires = tomorrow' >> ${CONF}`, type: 'spad --check', status: 1 },
  },
  {
    title: 'Four mistakes at once',
    said: 'All are told, each with its line.',
    on: 'server',
    make: [set('guard', 'guard = tcp/99999'), `sed -i '/^name /d' ${CONF}`, `echo 'open_for = soon' >> ${CONF}`].join(
      '\n',
    ),
    ...{ type: 'spad --check', status: 1 },
  },
  {
    title: 'A configuration that others can read',
    ...{ on: 'server', make: `chmod 644 ${CONF}`, type: 'spad --check', status: 1 },
  },
  {
    title: 'A configuration that belongs to somebody else',
    ...{ on: 'server', make: `chown nobody ${CONF}`, type: 'spad --check', status: 1 },
  },
  {
    title: 'A key file that is not there',
    on: 'server',
    make: `sed -i 's|^key = .*|key_file = /etc/spad/alice.key|' ${CONF}`,
    ...{ type: 'spad --check', status: 1 },
  },
  {
    title: 'A word for a port in knockd.conf',
    said: 'A warning: knockd takes it for port 0.',
    on: 'server',
    make: `sed -i 's|^guard|knockd_conf = /etc/knockd.conf\\nguard|' ${CONF}
printf '[SSH]\\n  sequence = 7000,8000,seventy\\n  command = /bin/true\\n' > /etc/knockd.conf`,
    ...{ type: 'spad --check', status: 0 },
  },
];

export const RUNNING_MISTAKES: readonly Mistake[] = [
  {
    title: 'Not root',
    on: 'bare',
    make: `chown -R nobody /etc/spad`,
    ...{ type: 'setpriv --reuid=nobody --clear-groups spad', status: 1 },
  },
  {
    title: 'An interface that there is not',
    said: 'The daemon waits for it: an interface may come later.',
    on: 'bare',
    make: set('interface', 'interface = eht0'),
    ...{ type: 'spad', until: 'trying again', status: 0 },
  },
  { title: 'A second daemon', on: 'server', type: 'spad', status: 1 },
  {
    title: 'No nftables on the machine',
    on: 'bare',
    make: without('/usr/sbin/nft', '/usr/sbin/iptables*', '/usr/sbin/xtables-*', '/usr/lib/*/libnftables.so.1'),
    ...{ type: 'spad', status: 1 },
  },
  {
    title: 'No libpcap on the machine',
    said: 'The daemon goes on trying, for the library may be installed meanwhile.',
    on: 'bare',
    make: without('/usr/lib/*/libpcap.so.*'),
    ...{ type: 'spad', until: 'trying again', status: 0 },
  },
  {
    title: 'A state folder on a disk that is read-only',
    on: 'bare',
    make: 'mount -t tmpfs -o ro tmpfs /var/lib',
    ...{ type: 'spad', status: 1 },
  },
  {
    title: 'Asking a daemon that does not run',
    on: 'bare',
    ...{ type: 'spad grants', status: 0 },
  },
  { title: 'A command that there is not', on: 'server', type: 'spad grant', status: 2 },
  { title: 'An option that there is not', on: 'server', type: 'spad --chek', status: 2 },
];
