/**
 * The commonest change, one of openings of single ports of this host, as the messages that libnftables would make of its script
 * (nft-script.ts), for the kernel itself (linux/netfilter/nfnetlink.h, nf_tables.h). libnftables asks the kernel for all tables,
 * chains and sets each time before it sends anything; what these messages need is known here.
 *
 *     nlmsghdr 16 (length 4 · type 2 · flags 2 · number 4 · port 4) · nfgenmsg 4 (family 1 · version 1 · resource 2) · attributes
 *
 * Headers are little-endian, which the kernel's are only on machines that are: others do not take them. Values are big-endian.
 */
import { PROTOCOL_NUMBERS } from '../base/port-spec.ts';
import type { SteadyMs } from '../base/units.ts';
import { millisecondsLeft } from './nft-script.ts';
import type { FirewallChange, Opening } from './opening.ts';

const NFNL_SUBSYS_NFTABLES = 10;
const BATCH_BEGIN = 0x10;
const BATCH_END = 0x11;
const NEW_ELEMENTS = (NFNL_SUBSYS_NFTABLES << 8) | 12;
const DELETE_ELEMENTS = (NFNL_SUBSYS_NFTABLES << 8) | 14;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_CREATE = 0x400;
const NFPROTO_INET = 1;

/** Attributes: of a list of elements, of a list, of an element, of data. */
const [LIST_TABLE, LIST_SET, LIST_ELEMENTS] = [1, 2, 3];
const LIST_ELEMENT = 1;
const [ELEMENT_KEY, ELEMENT_TIMEOUT] = [1, 4];
const DATA_VALUE = 1;
const NESTED = 0x8000;

const HEADER_LENGTH = 20;
const ATTRIBUTE_HEADER = 4;
/** `spad` and `grant4`, each with its attribute's header and a zero, in whole words. */
const NAME_LENGTH = 12;
/** Protocol and port are a word each in a key. */
const WORD = 4;
const TIMEOUT_LENGTH = ATTRIBUTE_HEADER + 8;
/** A day: what nothing is meant to last, for it is deleted at once. */
const PASSING_MS = 86_400_000;

/** Longer batches the kernel may not take in one go; and for many elements the way through libnftables is no longer. */
const MAX_BATCH = 96 * 1024;

/**
 * The batch for these changes at `now`, one transaction, to whose last message the kernel answers; its order is that of the
 * script. Undefined where there are others among them than openings of single ports of this host, or too many, or nothing to do.
 */
export const changeBatch = (changes: readonly FirewallChange[], now: SteadyMs): Uint8Array | undefined => {
  if (!changes.every(({ close, open }) => close.every(isPlain) && open.every(isPlain))) return undefined;
  const statements = changes.flatMap((change) => statementsOf(change, now));
  const length = statements.reduce((sum, statement) => sum + lengthOf(statement), 2 * HEADER_LENGTH);
  if (statements.length === 0 || length > MAX_BATCH) return undefined;
  const batch = new BatchWriter(length);
  batch.header(BATCH_BEGIN, HEADER_LENGTH, NLM_F_REQUEST, 0, NFNL_SUBSYS_NFTABLES);
  for (const [index, statement] of statements.entries()) batch.statement(statement, index === statements.length - 1);
  batch.header(BATCH_END, HEADER_LENGTH, NLM_F_REQUEST, 0, NFNL_SUBSYS_NFTABLES);
  return batch.bytes;
};

const isPlain = ({ address, first, last, forwarding, cuts }: Opening): boolean =>
  first === last && address.prefix === undefined && forwarding === undefined && cuts !== true;

/** One element that is added or deleted. */
interface Statement {
  readonly opening: Opening;
  /** Milliseconds; undefined: it is deleted. */
  readonly timeout: number | undefined;
}

/** Added, deleted and added again, for the reasons that `changeScript` gives. */
const statementsOf = ({ close, open }: FirewallChange, now: SteadyMs): Statement[] => [
  ...[...close, ...open].flatMap((opening): Statement[] => [
    { opening, timeout: PASSING_MS },
    { opening, timeout: undefined },
  ]),
  ...open
    .filter(({ ends }) => ends > now)
    .map((opening): Statement => ({ opening, timeout: millisecondsLeft(opening.ends, now) })),
];

const keyLengthOf = ({ address }: Opening): number => address.bytes.length + 2 * WORD;

const elementLengthOf = ({ opening, timeout }: Statement): number =>
  3 * ATTRIBUTE_HEADER + keyLengthOf(opening) + (timeout === undefined ? 0 : TIMEOUT_LENGTH);

const lengthOf = (statement: Statement): number =>
  HEADER_LENGTH + 2 * NAME_LENGTH + ATTRIBUTE_HEADER + elementLengthOf(statement);

class BatchWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  header(type: number, length: number, flags: number, family: number, resource: number): void {
    const [view, at] = [this.#view, this.#at];
    view.setUint32(at, length, true);
    view.setUint16(at + 4, type, true);
    view.setUint16(at + 6, flags, true);
    view.setUint8(at + 16, family);
    view.setUint16(at + 18, resource);
    this.#at += HEADER_LENGTH;
  }

  statement(statement: Statement, isLast: boolean): void {
    const { opening, timeout } = statement;
    const { address, protocol, first } = opening;
    const verb = timeout === undefined ? DELETE_ELEMENTS : NEW_ELEMENTS;
    const flags = NLM_F_REQUEST | (timeout === undefined ? 0 : NLM_F_CREATE) | (isLast ? NLM_F_ACK : 0);
    const keyLength = keyLengthOf(opening);
    const elementLength = elementLengthOf(statement);
    this.header(verb, lengthOf(statement), flags, NFPROTO_INET, 0);
    this.#name(LIST_TABLE, 'spad');
    this.#name(LIST_SET, address.family === 4 ? 'grant4' : 'grant6');
    this.#attribute(LIST_ELEMENTS | NESTED, ATTRIBUTE_HEADER + elementLength);
    this.#attribute(LIST_ELEMENT | NESTED, elementLength);
    if (timeout !== undefined) this.#timeout(timeout);
    this.#attribute(ELEMENT_KEY | NESTED, 2 * ATTRIBUTE_HEADER + keyLength);
    this.#attribute(DATA_VALUE, ATTRIBUTE_HEADER + keyLength);
    this.bytes.set(address.bytes, this.#at);
    this.#at += address.bytes.length;
    this.#view.setUint8(this.#at, PROTOCOL_NUMBERS[protocol]);
    this.#view.setUint16(this.#at + WORD, first);
    this.#at += 2 * WORD;
  }

  #timeout(milliseconds: number): void {
    this.#attribute(ELEMENT_TIMEOUT, TIMEOUT_LENGTH);
    this.#view.setUint32(this.#at, Math.floor(milliseconds / 0x1_0000_0000));
    this.#view.setUint32(this.#at + 4, milliseconds % 0x1_0000_0000);
    this.#at += 8;
  }

  #attribute(type: number, length: number): void {
    this.#view.setUint16(this.#at, length, true);
    this.#view.setUint16(this.#at + 2, type, true);
    this.#at += ATTRIBUTE_HEADER;
  }

  /** A name ends with a zero, which counts; what fills the word up does not. */
  #name(type: number, name: string): void {
    const begin = this.#at;
    this.#attribute(type, ATTRIBUTE_HEADER + name.length + 1);
    for (let index = 0; index < name.length; index += 1) this.bytes[this.#at + index] = name.charCodeAt(index);
    this.#at = begin + NAME_LENGTH;
  }
}
