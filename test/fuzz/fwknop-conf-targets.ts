/** The files of fwknop: what operators write, and what comes out of it again. */
import { ok } from '../../src/base/result.ts';
import { parseAccessConf } from '../../src/config/fwknop/access-conf.ts';
import { parseFwknopdConf } from '../../src/config/fwknop/fwknopd-conf.ts';
import { importFwknop } from '../../src/config/fwknop/import.ts';
import { parseRcFile, rcVariables, writeRcStanza } from '../../src/config/fwknop/rc-file.ts';
import { formatIssue, type Issue } from '../../src/config/issue.ts';
import { importKnockd } from '../../src/config/import-knockd.ts';
import { formatReportLine } from '../../src/config/report.ts';
import { parseSpadConf } from '../../src/config/spad-conf.ts';
import { HEAD, partsOver } from '../unit/config/fwknop/files.ts';

const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const textOf = (input: Uint8Array): string => Buffer.from(input).toString('utf8');

const badIssue = (text: string, issues: readonly Issue[]): string | undefined => {
  const lines = text.split('\n').length;
  const bad = issues.find(
    (issue) => /[\p{Cc}\p{Cf}]/u.test(formatIssue(issue)) || issue.line < 0 || issue.line > lines || issue.hint === '',
  );
  return bad === undefined ? undefined : `issue ${JSON.stringify(bad)}`;
};

/** Every file that it includes is itself. */
const partsFor = (text: string): ReturnType<typeof partsOver> => ({
  ...partsOver({}),
  readFile: () => ok(text),
  readFolder: () => ok(['f']),
});

const accessConf = (input: Uint8Array): string | undefined => {
  const text = textOf(input);
  const { entries, issues } = parseAccessConf({ file: 'f' }, partsFor(text));
  const errors = issues.some(({ severity }) => severity === 'error');
  if (errors !== (entries.length === 0)) return 'neither a client nor an error, or both';
  for (const { client } of entries) {
    if (client.cipher === undefined && client.gpg === undefined) return 'a client without a key';
    if (client.hmac === undefined) return 'a client without an HMAC key that nobody asked for';
    if (client.stanza.sources.length === 0 || client.stanza.openFor < 1) return 'a stanza that lets in nobody';
  }
  return badIssue(text, issues);
};

const fwknopdConf = (input: Uint8Array): string | undefined => {
  const text = textOf(input);
  const { conf, issues } = parseFwknopdConf([{ path: 'f', text }]);
  if ((conf === undefined) !== issues.some(({ severity }) => severity === 'error'))
    return 'neither a value nor an error';
  return badIssue(text, issues);
};

const rcFile = (input: Uint8Array): string | undefined => {
  const text = textOf(input);
  const reading = parseRcFile(text, 'f');
  for (const { name } of reading.stanzas) {
    const values = rcVariables(reading, name);
    if (name.toLowerCase() === 'default') continue;
    const entries = [...values].map(([variable, { value }]) => [variable, value] as const);
    const again = rcVariables(parseRcFile(writeRcStanza('', name, entries), 'f'), name);
    const valuesOf = (map: typeof values): string => JSON.stringify([...map].map(([key, { value }]) => [key, value]));
    if (valuesOf(again) !== valuesOf(values)) return `[${name}] reads as another stanza once written`;
  }
  return badIssue(text, reading.issues);
};

/** What is written is read, and means the same. */
const conversion = (input: Uint8Array): string | undefined => {
  const text = textOf(input);
  const parts = partsFor(text);
  const sources = { ...parts, access: { file: 'f' }, config: [], name: 'gw1', isFile: () => false };
  const { text: written, report } = importFwknop(sources);
  if (report.some((line) => /[\p{Cc}\p{Cf}]/u.test(formatReportLine(line)))) return 'a report that is no line';
  if (written === undefined) return undefined;
  const { conf, issues } = parseSpadConf(written, 's');
  if (conf === undefined) return `what is written cannot be read: ${JSON.stringify(issues)}`;
  const { entries } = parseAccessConf({ file: 'f' }, { ...parts, allowUnauthenticated: true });
  const clientsOf = (list: typeof entries): string => JSON.stringify(list.map(({ client }) => client));
  return clientsOf(conf.fwknop) === clientsOf(entries) ? undefined : 'other clients than those that were converted';
};

const knockdConversion = (input: Uint8Array): string | undefined => {
  const { text, report } = importKnockd({ text: Buffer.from(input).toString('latin1'), path: 'f', name: 'gw1' });
  if (report.some((line) => /[\p{Cc}\p{Cf}]/u.test(formatReportLine(line)))) return 'a report that is no line';
  if (text === undefined) return undefined;
  const { conf, issues } = parseSpadConf(text, 's');
  return conf === undefined ? `what is written cannot be read: ${JSON.stringify(issues)}` : undefined;
};

const ACCESS = `${HEAD}OPEN_PORTS tcp/22, udp/53;\nFW_ACCESS_TIMEOUT 20\nREQUIRE_USERNAME bob # c\nACCESS_EXPIRE 12/31/2027\n
%include x\nSOURCE 10.0.0.0/255.0.0.0\nKEY a#b \nHMAC_KEY c\nCMD_CYCLE_OPEN /a "$IP" # ;\nCMD_CYCLE_CLOSE NONE\nENABLE_CMD_EXEC Y\n`;
const SHORT =
  'SOURCE ANY\nGPG_ALLOW_NO_PW Y\nGPG_DISABLE_SIG Y\nHMAC_KEY_BASE64 AAA\nGPG_DECRYPT_ID "a\\b" # c\nFORWARD_ALL Y\n';
const DAEMON =
  'PCAP_FILTER udp port 5 or (tcp port 80) or icmp;\nDIGEST_FILE $FWKNOP_RUN_DIR/d\nFWKNOP_RUN_DIR $X\nX $X\nENABLE_IPT_OUTPUT N\n';
const RC = '# a\n[default]\nFW_TIMEOUT 5;x\n[srv]\nKEY a#b\n\nSPA_SERVER: 10.0.0.1 # c\n[x y]\nACCESS tcp/22\nQ w\n';
const KNOCKD =
  '[options]\n Interface = eth0\n[a b]\n sequence = 7:udp,8\n command = x ; # "y"\n tcpflags = syn,!ack\n cmd_timeout = -1\n[a b]\n one_time_sequences = /x\n command_6 =\n';

/** In the shape of the other targets. */
export const fwknopConfTargets = [
  { name: 'access-conf', seeds: [ascii(ACCESS), ascii(SHORT)], run: accessConf },
  { name: 'fwknopd-conf', seeds: [ascii(DAEMON)], run: fwknopdConf },
  { name: 'fwknoprc', seeds: [ascii(RC)], run: rcFile },
  {
    name: 'import-fwknop',
    seeds: [ascii(ACCESS.replace('%include x\n', '')), ascii(SHORT), ascii(HEAD)],
    run: conversion,
  },
  { name: 'import-knockd', seeds: [ascii(KNOCKD)], run: knockdConversion },
];
