/** Named counters of nftables, read without libnftables, which would fetch all elements of the table's sets first. */
import { encodeUtf8 } from '../../src/bytes/encoding.ts';
import { attributesOf, nestedIn, openNetlink, request } from './netlink.ts';

/** linux/netfilter/nf_tables.h, linux/netfilter.h */
const NFPROTO_INET = 1;
const NFT_MSG_NEWOBJ = 18;
const NFT_MSG_GETOBJ = 19;
const NFTA_OBJ_TABLE = 1;
const NFTA_OBJ_NAME = 2;
const NFTA_OBJ_TYPE = 3;
const NFTA_OBJ_DATA = 4;
const NFT_OBJECT_COUNTER = 1;
const NFTA_COUNTER_PACKETS = 2;

export type ReadCounter = (table: string, name: string) => number | undefined;

/** Reads how many packets the counter `name` of a table of the family inet has counted; undefined where it cannot be read. */
export const findCounterReader = (): ReadCounter => {
  try {
    const ask = openNetlink();
    return (table, name) => {
      const answer = ask(counterQuestion(table, name));
      return answer === undefined ? undefined : readCounter(answer);
    };
  } catch {
    return () => undefined;
  }
};

const counterQuestion = (table: string, name: string): Uint8Array =>
  request(NFT_MSG_GETOBJ, NFPROTO_INET, [
    [NFTA_OBJ_TABLE, encodeUtf8(`${table}\0`)],
    [NFTA_OBJ_NAME, encodeUtf8(`${name}\0`)],
    [NFTA_OBJ_TYPE, Uint8Array.of(0, 0, 0, NFT_OBJECT_COUNTER)],
  ]);

/** The packets in the kernel's answer; undefined where it is another message. */
export const readCounter = (answer: Uint8Array): number | undefined => {
  const data = attributesOf(answer, NFT_MSG_NEWOBJ)?.get(NFTA_OBJ_DATA);
  const packets = data === undefined ? undefined : nestedIn(data)?.get(NFTA_COUNTER_PACKETS);
  if (packets?.length !== 8) return undefined;
  return Number(new DataView(packets.buffer, packets.byteOffset, 8).getBigUint64(0));
};
