/** Standard output and error, written at once: a stream of Node's costs a start 2 ms, and what it holds at the end is lost. */
import { writeSync } from 'node:fs';
import { systemCode } from '../keys/trouble.ts';

export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether nothing is held back, so that the process may end. */
  readonly isFlushed: () => boolean;
}

/** A reader of a pipe who left early is no trouble; an error of the system is thrown. */
export const openOutput = (): Output => {
  const [out, err] = [descriptorWriter(1, () => process.stdout), descriptorWriter(2, () => process.stderr)];
  return { out: out.write, err: err.write, isFlushed: () => out.isFlushed() && err.isFlushed() };
};

const descriptorWriter = (descriptor: 1 | 2, openStream: () => NodeJS.WriteStream) => {
  let stream: NodeJS.WriteStream | undefined;
  const write = (text: string): void => {
    let rest = Buffer.from(text);
    try {
      while (stream === undefined && rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (systemCode(error) === 'EPIPE') return;
      if (systemCode(error) !== 'EAGAIN') throw error;
      // Somebody has made a full pipe one that does not wait: let Node wait for it, from now on.
      stream = openStream();
      stream.on('error', ignoreClosedPipe);
    }
    stream?.write(rest);
  };
  return { write, isFlushed: () => stream === undefined };
};

const ignoreClosedPipe = (error: Error): void => {
  if (systemCode(error) !== 'EPIPE') throw error;
};
