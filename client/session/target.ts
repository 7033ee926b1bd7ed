/** From the options of `proxy`, `ready` and `exec` to what is asked for. */
import { Trouble } from '../../keys/trouble.ts';
import type { PortSpec } from '../../src/base/port-spec.ts';
import { printable } from '../../src/base/printable.ts';
import type { ClientIo } from '../io.ts';
import type { Profile } from '../../src/config/profile.ts';
import type { ClientOptions } from '../cli.ts';
import { lookUpProfile } from '../profile-file.ts';
import { chooseTarget, type Target } from '../request.ts';
import { sayProfile } from '../ui.ts';
import type { SessionOptions } from './command-line.ts';

/**
 * The target, which asks for the port that is connected to and for nothing else unless `--access` says so. Its `wait` is about
 * the port to connect to: the one that is named, else the first TCP port; undefined where there is none.
 * @throws Trouble where there is no such profile, or something is missing.
 */
export const sessionTarget = ({ options, port, limit }: SessionOptions, io: ClientIo): Target => {
  const profile = nativeProfile(options, io);
  const own: readonly PortSpec[] | undefined = port && [{ protocol: 'tcp', first: port, last: port }];
  const target = chooseTarget({ ...options, access: options.access ?? own, wait: undefined }, profile);
  const tried = port ?? target.access.find(({ protocol }) => protocol === 'tcp')?.first;
  return { ...target, wait: tried && { port: tried, limit } };
};

const nativeProfile = (options: ClientOptions, io: ClientIo): Profile | undefined => {
  const found = lookUpProfile(options, io.env);
  if (found !== undefined && 'problem' in found) throw new Trouble(found.problem);
  if (found !== undefined) sayProfile(found, io);
  const profile = found?.profile;
  if (options.format !== 'fwknop' && (profile === undefined || 'key' in profile)) return profile;
  const name = printable(profile?.name ?? options.host ?? '');
  throw new Trouble(
    `"${name}" is for fwknop's packets, which nobody answers: before connecting, run spa-client --wait -n ${name}, ` +
      'in ssh_config by Match … exec',
  );
};

/** Where nothing but errors may be seen: with -v all goes to standard error, else nothing does. */
export const quietIo = (io: ClientIo, isVerbose: boolean): ClientIo => {
  const say = (text: string): void => {
    if (isVerbose) io.err(text);
  };
  return { ...io, out: say, err: say };
};
