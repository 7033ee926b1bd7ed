/** Reading profiles.ini and finding the one that is meant. */
import { defaultProfilesPath, type Environment } from '../keys/places.ts';
import { openSecretFileIfThere, readSecretFile } from '../keys/safe-file.ts';
import { Trouble } from '../keys/trouble.ts';
import { printable } from '../src/base/printable.ts';
import { nearest } from '../src/base/suggest.ts';
import { formatIssue, type Issue } from '../src/config/issue.ts';
import { findProfile, type Profile, type ProfilesReading, parseProfiles } from '../src/config/profile.ts';
import type { FwknopProfile } from '../src/config/fwknop-profile.ts';
import type { ClientOptions } from './cli.ts';

export interface ProfileChoice {
  readonly profile: Profile | FwknopProfile;
  readonly file: string;
  /** What is wrong elsewhere in the file. */
  readonly issues: readonly Issue[];
}

/** What of a command line chooses the profile. */
export type ProfileWords = Pick<ClientOptions, 'host' | 'profile' | 'profilesFile' | 'server' | 'key'>;

/** Why there is no profile: one sentence for the user. */
export interface NoProfile {
  readonly problem: string;
}

/**
 * The profile that the command line means; undefined where it needs none, having the server's name and the key.
 * @throws FileRefused · Trouble where the profile has an error.
 */
export const lookUpProfile = (options: ProfileWords, env: Environment): ProfileChoice | NoProfile | undefined => {
  const isComplete = options.server !== undefined && options.key !== undefined && options.host !== undefined;
  if (isComplete && options.profile === undefined) return undefined;
  const file = options.profilesFile ?? defaultProfilesPath(env);
  // A file that was named must be there; the default one need not.
  const text = options.profilesFile === undefined ? openSecretFileIfThere(file)?.text : readSecretFile(file);
  const reading = text === undefined ? undefined : parseProfiles(text, file);
  const profile = reading && chooseProfile(reading, options);
  if (profile !== undefined) return { profile, file, issues: reading?.issues ?? [] };
  return { problem: noProfile(reading, options, file) };
};

/**
 * The profile for our own packets, as {@link lookUpProfile}.
 * @throws FileRefused · Trouble where it is missing, has an error or is for fwknop's packets.
 */
export const loadProfile = (options: ProfileWords, env: Environment): Profile | undefined => {
  const found = lookUpProfile(options, env);
  if (found === undefined) return undefined;
  if ('problem' in found) throw new Trouble(found.problem);
  if ('key' in found.profile) return found.profile;
  throw new Trouble(`the profile "${printable(found.profile.name)}" is for fwknop's packets: choose another one`);
};

/** With -n by name alone; otherwise by name, else by host. */
const chooseProfile = (reading: ProfilesReading, options: ProfileWords): Profile | FwknopProfile | undefined => {
  const wanted = options.profile ?? options.host ?? '';
  // A section of that name with an error must not let another one take its place.
  if (reading.broken.includes(wanted)) throw new Trouble(brokenProfile(reading, wanted));
  const all: readonly (Profile | FwknopProfile)[] = [...reading.profiles, ...reading.fwknop];
  if (options.profile === undefined) return findProfile(all, wanted);
  return all.find((profile) => profile.name === wanted);
};

const brokenProfile = (reading: ProfilesReading, wanted: string): string =>
  [`the profile "${printable(wanted)}" cannot be used:`, ...reading.issues.map(formatIssue)].join('\n  ');

const noProfile = (reading: ProfilesReading | undefined, options: ProfileWords, file: string): string => {
  const wanted = options.profile ?? options.host ?? '';
  const path = printable(file);
  const problem = `there is no profile for "${printable(wanted)}" in ${path}`;
  const names = [
    ...[...(reading?.profiles ?? []), ...(reading?.fwknop ?? [])].flatMap(({ name, host }) => [name, host]),
    ...(reading?.broken ?? []),
  ];
  const near = nearest(wanted, names);
  if (near !== undefined) return `${problem}: did you mean "${printable(near)}"?`;
  if (reading !== undefined && reading.issues.length > 0) {
    return [`${problem}, which has errors:`, ...reading.issues.map(formatIssue)].join('\n  ');
  }
  const known = names.length === 0 ? '' : ` (it has ${[...new Set(names)].map((name) => printable(name)).join(', ')})`;
  return `${problem}${known}: run spa-keys invite NAME on the server, and here spa-client join -, which makes one of the line that it prints`;
};
