/** The command lines that README.md and docs/ show: those in blocks, to be run, and those in the text, to be read. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../support/paths.ts';

export interface Documented {
  /** `docs/control.md:53`. */
  readonly at: string;
  /** Without `$`, what is said beside it, and doubled blanks. */
  readonly command: string;
}

const PROGRAMS = 'spad|spa-client|spa-keys|knock|fwknop';
const OTHERS =
  'npm|npx|sh|apt|apt-get|systemctl|git|ssh|nft|iptables|iptables-save|ipset|ufw|firewall-cmd|source|cp|jq|echo|sysctl|curl|journalctl|fail2ban-client|fail2ban-regex|gpg|openssl';
const COMMAND = new RegExp(`^(?:sudo )?(?:${PROGRAMS}|${OTHERS})(?= |$)`);

/** Each of its commands has a test of its own, which writes the page. */
const PAGES_OF_TESTS = ['docs/mistakes.md'];

export const pages = (): readonly string[] => [
  'README.md',
  ...readdirSync(join(repositoryRoot(), 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .filter((path) => !path.startsWith('docs/decisions/') && !PAGES_OF_TESTS.includes(path))
    .sort(),
];

const linesOf = (page: string): readonly string[] => readFileSync(join(repositoryRoot(), page), 'utf8').split('\n');

/** The lines of blocks that are a command. A fence without a language is a drawing. */
export const commandsInBlocks = (page: string): readonly Documented[] => {
  let fence: string | undefined;
  return linesOf(page).flatMap((line, index) => {
    const [, language] = /^\s*```(\w*)/.exec(line) ?? [];
    if (language !== undefined) {
      fence = fence === undefined ? language : undefined;
      return [];
    }
    const text = fence === undefined ? /^ {4}(?! )(.*)$/.exec(line)?.[1] : fence === '' ? undefined : line.trim();
    const command = text === undefined ? undefined : commandOf(text);
    return command === undefined ? [] : [{ at: `${page}:${String(index + 1)}`, command }];
  });
};

/** Undefined for a line of output, or of a file. */
const commandOf = (text: string): string | undefined => {
  const bare = text
    .replace(/^\$ /, '')
    .replace(/ +#.*$| {2,}[a-z].*$/, '')
    .replaceAll(/ {2,}/g, ' ')
    .trim();
  // A program's name before its version begins what it says of itself.
  const isOutput = (/^[a-z-]+ {2,}/.test(text) && !/^iptables /.test(text)) || /^spad \d/.test(text);
  return !isOutput && COMMAND.test(bare) && bare.includes(' ') ? bare : undefined;
};

/** What stands between backticks and begins with one of our programs. */
export const commandsInText = (page: string): readonly Documented[] =>
  linesOf(page).flatMap((line, index) =>
    [...line.matchAll(new RegExp(`\`((?:sudo )?(?:${PROGRAMS}) [^\`]*)\``, 'g'))].map(([, command = '']) => ({
      at: `${page}:${String(index + 1)}`,
      command,
    })),
  );

/** A call of one of our programs in a line of the shell: its words, quotes off. */
export const callsIn = (command: string): readonly (readonly string[])[] =>
  command
    .split(/ && | \| | ; |\$\(|<\(/)
    .map((part) =>
      part
        .replace(/ >.*$/, '')
        .replaceAll(/[[\]()]/g, ' ')
        .trim(),
    )
    .map((part) => part.replace(/^(?:sudo|[A-Z_]+=\S+) /, ''))
    .filter((part) => new RegExp(`^(?:${PROGRAMS})(?= |$)`).test(part))
    .map(
      (part) =>
        part
          .split(/ -- /)[0]
          ?.replaceAll(/'[^']*'/g, 'quoted')
          .split(/ +/) ?? [],
    );
