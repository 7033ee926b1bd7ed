import { isV4Mapped } from '../../base/address.ts';
import { encodeUtf8 } from '../../bytes/encoding.ts';
import { MAX_MESSAGE, MAX_NAT_HOST, MAX_TIMEOUT, MAX_USER, MAX_VERSION } from './layout.ts';
import type { FwknopMessage } from './message.ts';
import {
  formatMessage,
  isCommand,
  isNatHost,
  isPrintable,
  isRandom,
  isUser,
  isVersion,
  TYPE_FIELDS,
} from './syntax.ts';

/** 12 digits of seconds. */
const TIME_END_MS = 1e15;

/** Throws RangeError for what no server takes; the sentence says what would be right. */
export const assertSendable = (message: FwknopMessage): void => {
  if (!isRandom(message.random)) throw new RangeError('the random value must have 16 decimal digits');
  if (!isUser(message.user)) {
    throw new RangeError(
      `a user name has 1 to ${String(MAX_USER)} printable ASCII characters, none of them one of " / \\ [ ] : ; | = , + * ? < >`,
    );
  }
  if (!(message.time >= 0 && message.time < TIME_END_MS)) throw new RangeError('the time must have at most 12 digits');
  if (!isVersion(message.version)) {
    throw new RangeError(`the version must have 1 to ${String(MAX_VERSION)} printable characters and no colon`);
  }
  if (message.allow !== undefined && message.allow.family === 6 && isV4Mapped(message.allow)) {
    throw new RangeError('the address to allow is IPv4 in IPv6; write it as IPv4');
  }
  if (message.type === 'command') assertCommand(message);
  else assertPorts(message);
  const { length } = encodeUtf8(formatMessage(message));
  if (length > MAX_MESSAGE) {
    throw new RangeError(
      `address and ${message.type === 'command' ? 'command' : 'ports'} have ${String(length)} bytes together; fwknop takes ${String(MAX_MESSAGE)}`,
    );
  }
  assertTail(message);
};

const assertCommand = ({ command, ports }: FwknopMessage): void => {
  if (!isCommand(command)) throw new RangeError('a command must be one line of text and not empty');
  if (ports.length > 0) throw new RangeError('a command has no ports');
};

const assertPorts = ({ type, command, ports }: FwknopMessage): void => {
  if (command !== '') throw new RangeError(`a message of type ${type} has no command`);
  if (ports.length === 0) throw new RangeError('at least one port must be named, such as tcp/22');
  if (ports.some(({ first, last }) => first !== last)) {
    throw new RangeError('fwknop knows no port ranges; name each port');
  }
};

const assertTail = ({ type, nat, serverAuth, timeout }: FwknopMessage): void => {
  const fields = TYPE_FIELDS[type];
  if ((nat !== undefined) !== fields.nat) {
    throw new RangeError(`a message of type ${type} ${fields.nat ? 'needs a' : 'has no'} place to forward to`);
  }
  if (nat !== undefined && !isNatHost(nat.host)) {
    throw new RangeError(
      `the host to forward to must be a name or an address of 1 to ${String(MAX_NAT_HOST)} characters`,
    );
  }
  if (serverAuth !== undefined && !(isPrintable(serverAuth) && serverAuth.length <= MAX_MESSAGE)) {
    throw new RangeError(`server_auth must be 1 to ${String(MAX_MESSAGE)} printable ASCII characters`);
  }
  if ((timeout !== undefined) !== fields.timeout) {
    throw new RangeError(`a message of type ${type} ${fields.timeout ? 'needs a' : 'has no'} timeout`);
  }
  if (timeout !== undefined && !(Number.isInteger(timeout) && timeout >= 0 && timeout <= MAX_TIMEOUT)) {
    throw new RangeError(`a timeout is 0 to ${String(MAX_TIMEOUT)} whole seconds`);
  }
};
