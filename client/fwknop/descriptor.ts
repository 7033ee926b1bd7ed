import { readByte } from '../../keys/terminal.ts';

/** The next line of a descriptor without its end, byte by byte, so that what follows is left; undefined at its end. */
export const readLine = (descriptor: number): string | undefined => {
  const bytes: number[] = [];
  for (let byte = readByte(descriptor); byte !== undefined; byte = readByte(descriptor)) {
    if (byte === 0x0a) return Buffer.from(bytes).toString('utf8');
    bytes.push(byte);
  }
  return bytes.length === 0 ? undefined : Buffer.from(bytes).toString('utf8');
};
