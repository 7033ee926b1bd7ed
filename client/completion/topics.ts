/** What spa-client knows that somebody may be typing: the names of profiles and stanzas. */
import { join } from 'node:path';
import type { Known } from '../../keys/completion-command.ts';
import { defaultProfilesPath, type Environment, expandHome } from '../../keys/places.ts';
import { openSecretFileIfThere } from '../../keys/safe-file.ts';
import { parseRcFile } from '../../src/config/fwknop/rc-file.ts';
import { parseProfiles } from '../../src/config/profile.ts';
import { valueBefore } from '../../src/completion/words-before.ts';

/** Nothing where the file cannot be read: somebody is typing, and the command itself will say why. */
const textOf = (path: string): string => {
  try {
    return openSecretFileIfThere(path)?.text ?? '';
  } catch {
    return '';
  }
};

/** The stanzas of ~/.fwknoprc, or of the file that `words` name. */
export const knownStanzas = (words: readonly string[], env: Environment): readonly Known[] => {
  const path = expandHome(valueBefore(words, ['--rc-file']) ?? join(env.HOME ?? '/', '.fwknoprc'), env);
  const { stanzas } = parseRcFile(textOf(path), path);
  return stanzas
    .filter(({ name }) => name.toLowerCase() !== 'default')
    .map(({ name }) => [name, 'a stanza for fwknop'] as const);
};

/** The profiles of profiles.ini, or of the file that `words` name, and the stanzas of ~/.fwknoprc, which are profiles too. */
export const knownProfiles = (words: readonly string[], env: Environment): readonly Known[] => {
  const file = expandHome(valueBefore(words, ['--profiles']) ?? defaultProfilesPath(env), env);
  const { profiles, fwknop } = parseProfiles(textOf(file), file);
  const own = [...profiles, ...fwknop].map(({ name, host }) => [name, host] as const);
  return [...own, ...knownStanzas([], env).filter(([name]) => own.every(([other]) => other !== name))];
};
