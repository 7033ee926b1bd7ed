/** How the address to open for is found: what command line and profile come to. */
import { Trouble } from '../../keys/trouble.ts';
import type { Profile } from '../../src/config/profile.ts';
import type { Resolve, StunServer } from '../../src/config/resolve.ts';
import type { ClientOptions } from '../cli.ts';

/** Whom to ask before there is a packet. */
export type Witness =
  { readonly by: 'stun'; readonly server: StunServer } | { readonly by: 'https'; readonly url: string };

/** Whom to ask, in full; `reply` is the server itself, whose answer tells the address that it has seen. */
export type Way = Witness | { readonly by: 'reply' };

export interface Finding {
  /** Undefined: nobody is asked. */
  readonly way: Way | undefined;
  /** Whether the addresses of both families are to be named. */
  readonly both: boolean;
}

const NONE: Finding = { way: undefined, both: false };

/**
 * An address on the command line leaves nothing to find, and what is to be found there leaves the address of the profile out.
 * @throws Trouble where there is nobody to ask, or the ways exclude each other.
 */
export const chooseFinding = (options: ClientOptions, profile: Profile | undefined, isAnswered: boolean): Finding => {
  if (options.allow !== undefined) return NONE;
  const [resolve, both] = [options.resolve ?? profile?.resolve, options.both || profile?.both === true];
  const way = resolve === undefined ? undefined : completeWay(resolve, profile);
  if (way?.by !== 'reply') return { way, both };
  if (!isAnswered)
    throw new Trouble('--resolve reply needs the answer of the server: leave --no-reply (reply = no) out');
  if (both) throw new Trouble('an answer tells one address alone: for --both, use --resolve stun or https');
  return { way, both };
};

/** None is asked by default: it would be told who uses spa-client, and when. */
const completeWay = (resolve: Resolve, profile: Profile | undefined): Way => {
  const own = profile?.resolve;
  switch (resolve.by) {
    case 'reply':
      return { by: 'reply' };
    case 'stun': {
      const server = resolve.server ?? profile?.stun ?? (own?.by === 'stun' ? own.server : undefined);
      if (server !== undefined) return { by: 'stun', server };
      throw new Trouble(
        'which STUN server is to be asked? Name it: --resolve stun:HOST, or stun = HOST in the profile',
      );
    }
    case 'https': {
      const url = resolve.url ?? profile?.addressUrl ?? (own?.by === 'https' ? own.url : undefined);
      if (url !== undefined) return { by: 'https', url };
      throw new Trouble(
        'which page is to be asked? Name it: --resolve https://HOST/PATH, or address_url = https://HOST/PATH in the profile',
      );
    }
  }
};
