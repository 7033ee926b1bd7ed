/**
 * The number of the ruleset's generation: the kernel counts up with each transaction of nftables, whoever's it is, and
 * not when a timed element ends. So one small question, a few microseconds long, tells that nobody has changed anything.
 */
import { attributesOf, openNetlink, request } from './netlink.ts';

/** linux/netfilter/nf_tables.h */
const NFT_MSG_NEWGEN = 15;
const NFT_MSG_GETGEN = 16;
const NFTA_GEN_ID = 1;

/**
 * Transactions that this process makes beside those of its firewall, so that the firewall does not take them for somebody
 * else's and look whether all is right.
 */
export class OwnSteps {
  #count = 0;

  /** One transaction has been made. */
  note(): void {
    this.#count += 1;
  }

  /** The generation that `read` gives, as it were without those transactions. */
  without(read: () => number | undefined): () => number | undefined {
    return () => {
      const generation = read();
      return generation === undefined ? undefined : generation - this.#count;
    };
  }
}

/** Asks the kernel. Where it cannot be asked, the firewall is looked at more often than it need be, and that is all. */
export const findGeneration = (): (() => number | undefined) => {
  try {
    return openGeneration();
  } catch {
    return () => undefined;
  }
};

/** Undefined where the kernel does not say. Throws where there is no such socket. */
const openGeneration = (): (() => number | undefined) => {
  const ask = openNetlink();
  const question = request(NFT_MSG_GETGEN);
  return () => {
    const answer = ask(question);
    return answer === undefined ? undefined : readGeneration(answer);
  };
};

/** The generation in the kernel's answer; undefined where it is another message, such as an error. */
export const readGeneration = (answer: Uint8Array): number | undefined => {
  const id = attributesOf(answer, NFT_MSG_NEWGEN)?.get(NFTA_GEN_ID);
  return id?.length === 4 ? new DataView(id.buffer, id.byteOffset, 4).getUint32(0) : undefined;
};
