/** Reads knockd.conf and the one-time files that it names. */
import { readFileSync } from 'node:fs';
import { err, type Result } from '../../src/base/result.ts';
import { type KnockdConf, type KnockdConfError, parseKnockdConf } from '../../src/config/knockd-conf.ts';
import { openOneTimeFile } from './one-time-file.ts';
import { systemWords } from './system-words.ts';

export interface LoadParts {
  /** As the operator wrote it, for messages. */
  readonly shown: string;
  readonly path: string;
  readonly warn: (text: string) => void;
  readonly echo: (text: string) => void;
}

/** The error's message is what knockd prints. */
export const loadKnockdConf = (parts: LoadParts): Result<KnockdConf, KnockdConfError> => {
  const { shown, path, warn, echo } = parts;
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    // A folder can be opened and has no lines, as C sees it.
    if (!(error instanceof Error && 'code' in error && error.code === 'EISDIR'))
      return err({ file: shown, line: 0, message: `${shown}: ${systemWords(error)}` });
    text = '';
  }
  return parseKnockdConf(text, shown, {
    openOneTime: (file, doorName) => openOneTimeFile(file, doorName, warn),
    echo,
  });
};

/** What libpcap would say to knockd about a target that is no host; undefined where there is none such. */
export const targetFault = (conf: KnockdConf, onlyV4: boolean): string | undefined => {
  for (const door of conf.doors) {
    if (door.target?.includes('/') === true) return 'pcap_compile: Mask syntax for networks only';
    if (onlyV4 && door.targetAddress?.family === 6) return 'pcap_compile: expression rejects all packets';
  }
  return undefined;
};
