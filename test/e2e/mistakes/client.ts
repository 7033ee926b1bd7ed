import type { Mistake } from './mistake.ts';

const PROFILES = '~/.config/spa/profiles.ini';

const set = (key: string, line: string): string => `sed -i 's|^${key} .*|${line}|' ${PROFILES}`;

export const CLIENT_MISTAKES: readonly Mistake[] = [
  { title: 'No profile yet', on: 'client', make: `rm ${PROFILES}`, type: 'spa-client gw1', status: 2 },
  { title: 'A typo in the name of the profile', on: 'client', type: 'spa-client -n gw2', status: 2 },
  {
    title: 'Profiles that others can read',
    on: 'client',
    make: `chmod 644 ${PROFILES}`,
    type: 'spa-client gw1',
    status: 2,
  },
  {
    title: 'A typo in a key of a profile',
    on: 'client',
    make: set('server', 'sever = gw1'),
    type: 'spa-client gw1',
    status: 2,
  },
  {
    title: 'A host that there is not',
    on: 'client',
    make: set('host', 'host = gw1.invalid'),
    type: 'spa-client gw1',
    status: 1,
  },
  { title: 'A port without its protocol', on: 'client', type: 'spa-client --access 22 gw1', status: 2 },
  { title: 'A service by its name', on: 'client', type: 'spa-client --access ssh gw1', status: 2 },
  { title: 'A typo in an option', on: 'client', type: 'spa-client --acess tcp/22 gw1', status: 2 },
  { title: 'No host', on: 'client', type: 'spa-client --access tcp/22', status: 2 },
  {
    title: 'No network',
    on: 'client',
    make: 'ip route flush all && ip addr flush dev eth0',
    undo: 'ip addr add 10.99.0.2/24 dev eth0',
    type: 'spa-client gw1',
    status: 1,
  },
  {
    title: 'The wrong key',
    on: 'client',
    make: set('key', 'key = T2ggbm8sIG5vdCB0aGlzIG9uZSBhZ2FpbiwgcGxlYXM='),
    ...{ type: 'spa-client --wait 2s gw1', status: 3 },
  },
  {
    title: 'The wrong name of the server',
    ...{ on: 'client', make: set('server', 'server = gw2'), type: 'spa-client --wait 2s gw1', status: 3 },
  },
  {
    title: 'A clock that is an hour late',
    on: 'client',
    ...{ type: 'late spa-client --wait 2s gw1', status: 3 },
  },
  { title: 'The wrong UDP port', on: 'client', type: 'spa-client -p 62202 --wait 2s gw1', status: 3 },
  {
    title: 'A port that the stanza does not allow',
    on: 'client',
    type: 'spa-client --access tcp/443 --wait 2s gw1',
    status: 4,
  },
  { title: 'Nothing listens there', on: 'client', type: 'spa-client --access tcp/8022 --wait 2s gw1', status: 3 },
];

export const KEY_MISTAKES: readonly Mistake[] = [
  {
    title: 'A client that is there already',
    ...{ on: 'server', type: 'spa-keys generate --server gw1 --client alice --stanza /etc/spad/spad.conf', status: 2 },
  },
  { title: 'A name that there is not', on: 'server', type: 'spa-keys show alcie', status: 2 },
];
