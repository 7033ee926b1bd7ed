/**
 * The memory on disk of the emergency codes that were used. Unlike packets these never become stale, so where the memory is
 * lost, every code that now holds may have been used, and none holds any longer.
 */
import { countOf } from '../../src/base/printable.ts';
import {
  type CodeRecord,
  decodeUsedCodes,
  encodeUsedCode,
  encodeUsedCodes,
  UsedCodes,
} from '../../src/replay/used-codes.ts';
import { readIfThere, type SlotContent, SlotLog } from './slot-log.ts';

/** Free slots in a new file, at least. */
const MIN_FREE_SLOTS = 255;

/** The codes that a stanza has. */
export interface CodeHolder {
  readonly stanza: string;
  readonly owner: Uint8Array;
  readonly first: number;
  readonly last: number;
}

export interface CodeOpening {
  readonly store: CodeStore;
  readonly used: UsedCodes;
  /** What was wrong with the file and what follows, for the operator; undefined where all was well. */
  readonly warning: string | undefined;
}

export class CodeStore {
  readonly #log: SlotLog;

  private constructor(path: string, used: UsedCodes) {
    this.#log = new SlotLog(path, () => contentOf(used));
  }

  /**
   * Reads the file at `path` and begins a new one from it. `firstStart`: there is no trace of an earlier run, so that a missing
   * file means nothing was lost. Where something was, all codes up to the last that each of `holders` has count as used, the
   * earlier ones too, for a range that is put back must not bring them back. Throws the system's error.
   */
  static open(path: string, firstStart: boolean, holders: readonly CodeHolder[]): CodeOpening {
    const content = readIfThere(path);
    const file = content === undefined ? undefined : decodeUsedCodes(content);
    const damage = file === undefined ? (firstStart ? undefined : 'it is missing') : file.damage;
    const used = new UsedCodes(file?.records);
    if (damage !== undefined) for (const { owner, last } of holders) used.use({ owner, first: 1, last });
    const store = new CodeStore(path, used);
    // Without codes, a missing file is that of a version that knew none.
    const isLoss = damage !== undefined && (file !== undefined || holders.length > 0);
    return { store, used, warning: isLoss ? lossWarning(path, damage, holders) : undefined };
  }

  /** Makes records durable, which are in use already. Throws the system's error: none of them may then be relied on. */
  append(records: readonly CodeRecord[]): void {
    this.#log.append(records.map((record) => (slot) => encodeUsedCode(record, slot)));
  }

  close(): void {
    this.#log.close();
  }
}

const contentOf = (used: UsedCodes): SlotContent => {
  const records = [...used.records()];
  const slots = Math.max(MIN_FREE_SLOTS, records.length) + records.length;
  return { bytes: encodeUsedCodes(slots, records), slots, used: records.length };
};

const lossWarning = (path: string, damage: string, holders: readonly CodeHolder[]): string => {
  const what = `the record of used emergency codes ${path} cannot be relied on: ${damage}`;
  const [first] = holders;
  if (first === undefined) return `${what}; no stanza has codes now, and none should get back a range that it has had`;
  const whose =
    holders.length === 1 ? first.stanza : `${first.stanza} and ${countOf(holders.length - 1, 'other stanza')}`;
  return (
    `${what}; all codes of ${whose} count as used: make others with ` +
    `"spa-keys emergency ${first.stanza} --write", which sets the stanza's range, and reload`
  );
};
