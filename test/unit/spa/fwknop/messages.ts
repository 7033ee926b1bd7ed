/** A message of fwknop's for tests, each field of which can be another. */
import { seconds, unixMs } from '../../../../src/base/units.ts';
import type { FwknopMessage, FwknopType } from '../../../../src/spa/fwknop/message.ts';
import { ip, portOf, spec } from '../../values.ts';

export const messageWith = (fields: Partial<FwknopMessage> = {}): FwknopMessage => ({
  random: '4360737761848961',
  user: 'root',
  time: unixMs(1_795_175_774_000),
  version: '3.0.0',
  type: 'access',
  allow: ip('192.0.2.1'),
  ports: [spec('tcp/22')],
  command: '',
  nat: undefined,
  serverAuth: undefined,
  timeout: undefined,
  ...fields,
});

const NAT = { host: '10.0.0.5', port: portOf(443) };

/** One of each type. */
export const OF_EACH_TYPE: Readonly<Record<FwknopType, FwknopMessage>> = {
  command: messageWith({ type: 'command', ports: [], command: 'id' }),
  access: messageWith(),
  'nat-access': messageWith({ type: 'nat-access', nat: NAT }),
  'timeout-access': messageWith({ type: 'timeout-access', timeout: seconds(60) }),
  'timeout-nat-access': messageWith({ type: 'timeout-nat-access', nat: NAT, timeout: seconds(60) }),
  'local-nat-access': messageWith({ type: 'local-nat-access', nat: NAT }),
  'timeout-local-nat-access': messageWith({ type: 'timeout-local-nat-access', nat: NAT, timeout: seconds(60) }),
};
