/** Our block in a file of ssh_config(5), between two lines that mark it. All else stays as it is, byte for byte. */
import { Trouble } from '../../keys/trouble.ts';
import { printable } from '../../src/base/printable.ts';

/** What the block is about; names and host are one word each, as ssh and the shell take it. */
export interface SshBlock {
  /** The profile's name, by which the block is found again. */
  readonly profile: string;
  readonly host: string;
  /** Undefined: the default one. */
  readonly profilesFile: string | undefined;
}

const beginOf = (profile: string): string => `# >>> spa-client ${profile} >>>`;
const endOf = (profile: string): string => `# <<< spa-client ${profile} <<<`;

/**
 * The block, ending with a newline. The packet goes to wherever ssh connects to (%h), in case that HostName is set elsewhere.
 * @throws Trouble where a name would mean something else to ssh or to the shell that runs the command.
 */
export const formatBlock = ({ profile, host, profilesFile }: SshBlock): string => {
  // What stands before an @ is a user to ssh, and no part of a host's name.
  refuseUnsafe('the profile', profile, /^[\w][\w.-]*$/, 'call it by letters, digits and . _ -');
  refuseUnsafe(
    'the host',
    host,
    /^[\w:][\w.:-]*$/,
    'name it by letters, digits and . _ - :, or by an address without a zone',
  );
  const file = profilesFile ?? '';
  refuseUnsafe('the path of the profiles', file, /^[\w./@+-]*$/, 'choose a path of letters, digits and . _ @ + -');
  const hosts = profile === host ? profile : `${profile} ${host}`;
  const lines = [
    beginOf(profile),
    `# Written by "spa-client install-ssh"; "spa-client install-ssh --remove ${profile}" takes it away.`,
    `Host ${hosts}`,
    ...(profile === host ? [] : [`    HostName ${host}`]),
    `    ProxyCommand spa-client proxy ${file === '' ? '' : `--profiles ${file} `}-n ${profile} %h %p`,
    endOf(profile),
  ];
  return `${lines.join('\n')}\n`;
};

const refuseUnsafe = (what: string, text: string, good: RegExp, cure: string): void => {
  if (!good.test(text)) throw new Trouble(`${what} "${printable(text, 100)}" cannot stand in ssh_config: ${cure}`);
};

/**
 * `text` (one character a byte) with `block` in the place of the one that is there for the profile, else at its end, where all that
 * stands above has precedence; with an empty block, without one. A last line that has no end is given one.
 * @throws Trouble with the line where one of the two marks is missing or there are several.
 */
export const putBlock = (text: string, profile: string, block: string): string => {
  const lines = text.split(/(?<=\n)/);
  const at = (mark: string): number[] =>
    lines.flatMap((line, index) => (line.replace(/\r?\n$/, '') === mark ? [index] : []));
  const [begins, ends] = [at(beginOf(profile)), at(endOf(profile))];
  const [begin, end] = [begins[0], ends[0]];
  if (begin === undefined && end === undefined) {
    if (block === '') return text;
    return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${block}`;
  }
  if (begin === undefined || end === undefined || begin > end || begins.length > 1 || ends.length > 1) {
    const line = Math.min(begin ?? Infinity, end ?? Infinity) + 1;
    throw new Trouble(
      `the lines that mark the block of ${profile} are not one pair (the first is line ${String(line)}): ` +
        'remove what is left of the block by hand, and run this again',
    );
  }
  return [...lines.slice(0, begin), block, ...lines.slice(end + 1)].join('');
};
