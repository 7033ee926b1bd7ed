/** One line typed on the terminal without echo. The terminal is not standard input: that may be a pipe. */
import { openSync, readSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { systemCode, Trouble } from './trouble.ts';

const BACKSPACES = [0x08, 0x7f];
const [INTERRUPT, END, LINE_FEED, RETURN] = [0x03, 0x04, 0x0a, 0x0d];

/**
 * Asks with `prompt` and waits, with all else in this process, for a line.
 * @throws Trouble (exit code 1) where there is no terminal, with the sentence `otherwise`, and where the user gives up.
 */
export const askSecret = (prompt: string, otherwise: string): string => {
  const descriptor = openTerminal(otherwise);
  writeSync(descriptor, prompt);
  const terminal = new ReadStream(descriptor);
  terminal.setRawMode(true);
  try {
    return readTyped(descriptor);
  } finally {
    terminal.setRawMode(false);
    writeSync(descriptor, '\n');
    terminal.destroy();
  }
};

const openTerminal = (otherwise: string): number => {
  try {
    return openSync('/dev/tty', 'r+');
  } catch (cause) {
    throw new Trouble(otherwise, 1, { cause });
  }
};

const readTyped = (descriptor: number): string => {
  const typed: number[] = [];
  for (;;) {
    const byte = readByte(descriptor);
    if (byte === undefined || byte === LINE_FEED || byte === RETURN || byte === END)
      return Buffer.from(typed).toString('utf8');
    if (byte === INTERRUPT) throw new Trouble('given up: nothing was typed, and nothing was done', 1);
    if (BACKSPACES.includes(byte)) removeCharacter(typed);
    else typed.push(byte);
  }
};

/** The bytes of the last character, of which all but the first begin with the bits 10. */
const removeCharacter = (typed: number[]): void => {
  while (((typed.at(-1) ?? 0) & 0xc0) === 0x80) typed.pop();
  typed.pop();
};

/** The next byte, or undefined at the end. Node makes what it reads from non-blocking: where nothing is there yet, it waits. */
export const readByte = (descriptor: number): number | undefined => {
  const byte = new Uint8Array(1);
  for (;;) {
    try {
      return readSync(descriptor, byte, 0, 1, null) === 1 ? byte[0] : undefined;
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
};
