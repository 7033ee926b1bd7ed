/** syslog(3) of the C library: Node has no sockets of the kind that /dev/log is. */
import koffi from 'koffi';

const LOG_NOTICE = 5;
/** Debian's knockd says daemon; upstream's says user. */
const LOG_DAEMON = 3 << 3;

export interface Syslog {
  /** One message of these bytes, without a NUL. */
  write(message: Uint8Array): void;
}

/** The library keeps the pointer to its name, so the bytes must stay where they are. */
const KEPT: Buffer[] = [];

/** Messages go out as `ident`, facility daemon, priority notice. Throws where the library cannot be called. */
export const openSyslog = (ident: string): Syslog => {
  const library = koffi.load('libc.so.6');
  const openlog = library.func('void openlog(const void *ident, int option, int facility)');
  const syslog = library.func('void syslog(int priority, const char *format, ...)');
  const name = Buffer.from(`${ident}\0`, 'latin1');
  KEPT.push(name);
  openlog(name, 0, LOG_DAEMON);
  return {
    write: (message) => {
      syslog(LOG_NOTICE, '%s', 'const void *', Buffer.concat([message, Buffer.alloc(1)]));
    },
  };
};
