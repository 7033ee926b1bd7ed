/** A file of sequences of which each serves once: a used one has `#` for its first byte. */
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { err, ok, type Result } from '../../src/base/result.ts';
import { cTrim } from '../../src/knock/c-text.ts';
import { formatSteps, type KnockStep } from '../../src/knock/door.ts';
import { exhaustedMessage } from '../../src/knock/messages.ts';
import { parseSequence } from '../../src/knock/sequence.ts';
import { systemWords } from './system-words.ts';

interface UsableLine {
  /** Byte of the file at which the line starts. */
  readonly offset: number;
  readonly steps: readonly KnockStep[];
}

interface Content {
  readonly usable: readonly UsableLine[];
  /** What knockd says about lines that are no sequences, and where they start; they are skipped. */
  readonly wrong: readonly { readonly offset: number; readonly text: string }[];
}

const contentOf = (text: string, doorName: string): Content => {
  const usable: UsableLine[] = [];
  const wrong: Content['wrong'][number][] = [];
  let offset = 0;
  for (const line of text.split('\n')) {
    const trimmed = cTrim(line);
    if (trimmed !== '' && !trimmed.startsWith('#')) {
      const steps = parseSequence(trimmed, doorName);
      if (steps.ok) usable.push({ offset, steps: steps.value });
      else wrong.push({ offset, text: steps.error });
    }
    offset += line.length + 1;
  }
  return { usable, wrong };
};

/** Reads the file, which must be writable. Gives knockd's words where there is no sequence in it. */
export const openOneTimeFile = (
  path: string,
  doorName: string,
  warn: (text: string) => void,
): Result<readonly KnockStep[], string> => {
  try {
    const fd = openSync(path, 'r+');
    try {
      const { usable, wrong } = contentOf(readFileSync(fd, 'latin1'), doorName);
      const first = usable[0];
      if (first === undefined) return err([...wrong.map(({ text }) => text), exhaustedMessage(doorName)].join('\n'));
      for (const { text, offset } of wrong) if (offset < first.offset) warn(text);
      return ok(first.steps);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return err(`${path === '' ? '' : `${path}: `}${systemWords(error)}`);
  }
};

/** The sequences that are still to come, the present one first. */
export const sequencesToCome = (path: string): readonly (readonly KnockStep[])[] =>
  contentOf(readFileSync(path, 'latin1'), '').usable.map(({ steps }) => steps);

/** All steps of sequences that are still to come, so that the receiver need not be told of each. */
export const stepsToCome = (path: string): readonly KnockStep[] => {
  try {
    return sequencesToCome(path).flat();
  } catch {
    return [];
  }
};

/**
 * Marks the line that holds `used` and gives the next sequence, or none where the file has run out. Throws the system's
 * error; what cannot be marked must not be used again, so the caller shuts the door.
 */
export const useUp = (
  path: string,
  used: readonly KnockStep[],
  doorName: string,
  warn: (text: string) => void,
): readonly KnockStep[] => {
  const fd = openSync(path, 'r+');
  try {
    const { usable, wrong } = contentOf(readFileSync(fd, 'latin1'), doorName);
    const line = usable.find(({ steps }) => formatSteps(steps) === formatSteps(used));
    if (line !== undefined) {
      writeSync(fd, '#', line.offset);
      fdatasyncSync(fd);
    }
    const next = usable.find((candidate) => candidate !== line);
    for (const { text, offset } of wrong) if (offset < (next?.offset ?? Number.POSITIVE_INFINITY)) warn(text);
    return next?.steps ?? [];
  } finally {
    closeSync(fd);
  }
};
