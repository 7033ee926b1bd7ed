/** Where local sockets are, as the kernel wants it (unix(7)). */
import { encodeUtf8 } from '../bytes/encoding.ts';

/** sys/un.h: the family, in the machine's order, and room for a path. */
export const AF_UNIX = 1;
const FAMILY_LENGTH = 2;
const MAX_PATH = 108;

/**
 * A `struct sockaddr_un` for the name of a local socket: an absolute path, which ends in a zero byte, or `@` and an abstract name,
 * which ends where the structure does (unix(7)). Undefined for anything else, vsock addresses of virtual machines included.
 */
export const localAddress = (socket: string, isLittleEndian: boolean): Uint8Array | undefined => {
  if (!/^[/@]./.test(socket)) return undefined;
  const isAbstract = socket.startsWith('@');
  const name = encodeUtf8(isAbstract ? `\0${socket.slice(1)}` : `${socket}\0`);
  if (name.length > MAX_PATH) return undefined;
  const bytes = new Uint8Array(FAMILY_LENGTH + name.length);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, isLittleEndian);
  bytes.set(name, FAMILY_LENGTH);
  return bytes;
};
