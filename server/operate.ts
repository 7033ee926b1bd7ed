/** `spad status`: how the daemon that runs is, and what is done to it while it runs. */
import { statusPage } from '../src/control/status-page.ts';
import { readStatus } from '../src/control/status.ts';
import { answerOf, type Asking, OTHER_VERSION, type Where, type WhereOptions } from './asking.ts';
import { askDaemon } from './control/client.ts';

interface OperateOptions extends WhereOptions {
  readonly json?: true;
}

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

const showStatus = async ({ folder }: Where, asJson: boolean): Promise<number> => {
  const answer = await askDaemon(folder, { command: 'status' });
  if (answer === undefined && asJson) {
    say(JSON.stringify({ running: false }));
    return 1;
  }
  const status = readStatus(answerOf(answer, folder));
  if (status === undefined) throw new Error(OTHER_VERSION);
  if (asJson) say(JSON.stringify({ running: true, ...status }));
  else for (const line of statusPage(status)) say(line);
  return status.firewall.kind === 'fault' ? 1 : 0;
};

/** Adds the commands. */
export const defineOperate = ({ define, whereOf }: Asking, onStatus: (status: number) => void): void => {
  define('status', 'tell how the running daemon is: capture, firewall, guard, packets by reason')
    .option('--json', 'as one JSON object')
    .action(async (options: OperateOptions) => onStatus(await showStatus(whereOf(options), options.json === true)));
};
