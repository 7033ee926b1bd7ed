import { expect, test } from 'vitest';
import { forwardMisfits } from '../../../src/config/forward-fit.ts';
import { formatIssue } from '../../../src/config/issue.ts';
import { parseSpadConf } from '../../../src/config/spad-conf.ts';
import { BACKEND_NAMES, BACKENDS } from '../../../src/firewall/backends.ts';

const KEY = 'Ioi/3epz4xV+aNBVmpUOr2uATmL0y94UXKxlo1V180E=';
const CONF = `[spad]
name = gw1
guard = tcp/22
[access alice]
key = ${KEY}
allow = tcp/22
forward = local:8022
[access bob]
key = ${KEY}
allow = tcp/22
[access carol]
format = fwknop
key_base64 = ${KEY}
hmac_key_base64 = ${KEY.replace('Ioi', 'Joi')}
allow = tcp/22
nat = forward
`;

const misfits = (name: (typeof BACKEND_NAMES)[number]): readonly string[] => {
  const { conf } = parseSpadConf(CONF, 'spad.conf');
  if (conf === undefined) throw new Error('the file is not good');
  return forwardMisfits(name, conf.access, conf.fwknop, 'spad.conf').map(formatIssue);
};

test('a stanza that may forward is told with its line where the firewall cannot', () => {
  const [alice, carol, ...more] = misfits('ufw');
  expect(alice).toMatch(/^spad\.conf:4: error: firewall = ufw cannot forward, and alice may ask for it \(.*nftables/);
  expect(carol).toMatch(/^spad\.conf:11: error: firewall = ufw cannot forward, and carol may ask for it/);
  expect(more).toEqual([]);
});

test('that a firewall can forward is nothing to tell', () => {
  for (const name of BACKEND_NAMES) expect(misfits(name).length > 0).toBe(!BACKENDS[name].forwards);
});
