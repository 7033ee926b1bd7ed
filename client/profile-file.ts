/** Reading profiles.ini and finding the one that is meant. */
import { defaultProfilesPath, type Environment } from '../keys/places.ts';
import { openSecretFileIfThere, readSecretFile } from '../keys/safe-file.ts';
import { Trouble } from '../keys/trouble.ts';
import { printable } from '../src/base/printable.ts';
import { nearest } from '../src/base/suggest.ts';
import { formatIssue, type Issue } from '../src/config/issue.ts';
import { findProfile, type Profile, type ProfilesReading, parseProfiles } from '../src/config/profile.ts';
import type { ClientOptions } from './cli.ts';

export interface ProfileChoice {
  readonly profile: Profile;
  readonly file: string;
  /** What is wrong elsewhere in the file. */
  readonly issues: readonly Issue[];
}

/** What of a command line chooses the profile. */
export type ProfileWords = Pick<ClientOptions, 'host' | 'profile' | 'profilesFile' | 'server' | 'key'>;

/**
 * The profile that the command line means; undefined where it needs none, having the server's name and the key.
 * @throws FileRefused · Trouble where the profile is missing or has an error.
 */
export const loadProfile = (options: ProfileWords, env: Environment): ProfileChoice | undefined => {
  const isComplete = options.server !== undefined && options.key !== undefined && options.host !== undefined;
  if (isComplete && options.profile === undefined) return undefined;
  const file = options.profilesFile ?? defaultProfilesPath(env);
  // A file that was named must be there; the default one need not.
  const text = options.profilesFile === undefined ? openSecretFileIfThere(file)?.text : readSecretFile(file);
  const reading = text === undefined ? undefined : parseProfiles(text, file);
  const profile = reading && chooseProfile(reading, options);
  if (profile !== undefined) return { profile, file, issues: reading?.issues ?? [] };
  throw new Trouble(noProfile(reading, options, file));
};

/** With -n by name alone; otherwise by name, else by host. */
const chooseProfile = (reading: ProfilesReading, options: ProfileWords): Profile | undefined => {
  const wanted = options.profile ?? options.host ?? '';
  // A section of that name with an error must not let another one take its place.
  if (reading.broken.includes(wanted)) throw new Trouble(brokenProfile(reading, wanted));
  if (options.profile === undefined) return findProfile(reading.profiles, wanted);
  return reading.profiles.find((profile) => profile.name === wanted);
};

const brokenProfile = (reading: ProfilesReading, wanted: string): string =>
  [`the profile "${printable(wanted)}" cannot be used:`, ...reading.issues.map(formatIssue)].join('\n  ');

const noProfile = (reading: ProfilesReading | undefined, options: ProfileWords, file: string): string => {
  const wanted = options.profile ?? options.host ?? '';
  const path = printable(file);
  const problem = `there is no profile for "${printable(wanted)}" in ${path}`;
  const names = [...(reading?.profiles ?? []).flatMap(({ name, host }) => [name, host]), ...(reading?.broken ?? [])];
  const near = nearest(wanted, names);
  if (near !== undefined) return `${problem}: did you mean "${printable(near)}"?`;
  if (reading !== undefined && reading.issues.length > 0) {
    return [`${problem}, which has errors:`, ...reading.issues.map(formatIssue)].join('\n  ');
  }
  const known = names.length === 0 ? '' : ` (it has ${[...new Set(names)].map((name) => printable(name)).join(', ')})`;
  return `${problem}${known}: run spa-keys generate --server NAME on the server and put the profile that it prints there (mode 0600)`;
};
