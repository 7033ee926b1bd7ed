/** From the text of a port to its number, as glibc's `getaddrinfo` reads a service. */

/** Undefined where the text is neither a number nor a service that `services` (the text of /etc/services) knows. */
export const portOfText = (text: string, services: () => string): number | undefined => {
  const number = readNumber(text);
  // Below 0 stands for "no number" in glibc, so that 3000000000, too, is looked up as a name.
  return number >= 0 ? number & 0xffff : findService(text, services());
};

const MAX_UNSIGNED_LONG = 2n ** 64n - 1n;

/** `strtoul` cut to 32 bits with a sign; -1 where anything is left over. No text at all is 0. */
const readNumber = (text: string): number => {
  if (text === '') return 0;
  const digits = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)$/.exec(text);
  if (digits === null) return -1;
  const magnitude = BigInt(digits[2] ?? '0');
  if (magnitude > MAX_UNSIGNED_LONG) return -1;
  return Number(BigInt.asIntN(32, digits[1] === '-' ? -magnitude : magnitude));
};

/** Any protocol will do, TCP first: knock does not tell `getaddrinfo` which one it is going to use. */
const findService = (name: string, services: string): number | undefined => {
  const ports = new Map<string, number>();
  for (const line of services.split('\n')) {
    const [official, where = '', ...aliases] = line.replace(/#.*$/, '').trim().split(/\s+/);
    if (official !== name && !aliases.includes(name)) continue;
    const [, digits, protocol = ''] = /^([0-9]+)\/(tcp|udp)$/.exec(where) ?? [];
    if (digits !== undefined && !ports.has(protocol)) ports.set(protocol, Number(digits) & 0xffff);
  }
  return ports.get('tcp') ?? ports.get('udp');
};
