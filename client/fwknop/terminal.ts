/** One line typed on the terminal, which is not standard input: that may be a pipe. */
import { openSync, readSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { Trouble } from '../../keys/trouble.ts';

const BACKSPACES = ['\b', '\u007f'];
const [INTERRUPT, END] = ['\u0003', '\u0004'];

/** Asks with `prompt`, without echo. Rejects with a Trouble where there is no terminal, or the user gives up. */
export const askSecret = async (prompt: string): Promise<string> => {
  const descriptor = openTerminal();
  writeSync(descriptor, prompt);
  const terminal = new ReadStream(descriptor);
  terminal.setRawMode(true);
  try {
    return await readTyped(terminal);
  } finally {
    terminal.setRawMode(false);
    writeSync(descriptor, '\n');
    terminal.destroy();
  }
};

const openTerminal = (): number => {
  try {
    return openSync('/dev/tty', 'r+');
  } catch (cause) {
    const sentence =
      'no key was given and there is no terminal to ask for one: put it into .fwknoprc, or use -G FILE or --stdin';
    throw new Trouble(sentence, 1, { cause });
  }
};

const readTyped = (terminal: ReadStream): Promise<string> =>
  new Promise((resolve, reject) => {
    let typed = '';
    terminal.setEncoding('utf8');
    terminal.on('data', (part: string) => {
      for (const char of part) {
        if (char === '\r' || char === '\n' || char === END) {
          resolve(typed);
          return;
        }
        if (char === INTERRUPT) reject(new Trouble('given up: no key was typed, and nothing was sent', 1));
        else if (BACKSPACES.includes(char)) typed = typed.slice(0, -1);
        else typed += char;
      }
    });
    terminal.on('end', () => resolve(typed));
    terminal.on('error', reject);
  });

/** The next line of a descriptor without its end, byte by byte, so that what follows is left; undefined at its end. */
export const readLine = (descriptor: number): string | undefined => {
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  while (readByte(descriptor, byte)) {
    if (byte[0] === 0x0a) return Buffer.from(bytes).toString('utf8');
    bytes.push(byte[0] ?? 0);
  }
  return bytes.length === 0 ? undefined : Buffer.from(bytes).toString('utf8');
};

const readByte = (descriptor: number, byte: Uint8Array): boolean => {
  for (;;) {
    try {
      return readSync(descriptor, byte, 0, 1, null) === 1;
    } catch (error) {
      // A pipe that node has made non-blocking, and that holds nothing yet.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
};
