// IRC (nf_conntrack_irc.c): a client offers others a connection to itself: `PRIVMSG nick :\1DCC SEND file ADDRESS PORT\1`.

import { equal } from '../expectation.ts';
import { type Context, type HelperVerdict, type Segment, tcpPayload } from './segment.ts';

/** MAX_SEARCH_SIZE */
const MOST = 4095;
const COMMANDS = ['SEND ', 'CHAT ', 'MOVE ', 'TSEND ', 'SCHAT '];

interface Offer {
  readonly address: Uint8Array;
  readonly port: number;
  readonly from: number;
  readonly to: number;
}

export function irc({ master, expectations }: Context, segment: Segment): HelperVerdict {
  if (segment.direction === 'reply' || !segment.established) return 'accept';
  const text = tcpPayload(segment)?.text.slice(0, MOST);
  if (text === undefined) return 'accept';
  const own = [master.original.source, master.reply.destination];
  const offer = findOffer(text);
  // Any other address is forged.
  if (offer === undefined || offer.port === 0 || !own.some((address) => equal(address, offer.address))) {
    return 'accept';
  }
  const request = {
    family: master.family,
    protocol: 6,
    destination: master.reply.destination,
    destinationPort: offer.port,
    class: 0,
    match: { offset: offer.from, length: offer.to - offer.from },
  };
  return expectations.expect(master, request, segment.nowNs) === 'expected' ? 'accept' : 'drop';
}

/** The first offer that can be read. */
function findOffer(text: string): Offer | undefined {
  let at = 0;
  while (at < text.length - 10 && /[ \r\n]/.test(text.charAt(at))) at++;
  if (at < text.length - 10) {
    if (text.slice(at, at + 8).toUpperCase() !== 'PRIVMSG ') return undefined;
    at += 8;
  }
  while (true) {
    // A message, and room for the least command.
    at = text.indexOf(' :', at);
    if (at < 0 || at >= text.length - 26) return undefined;
    at += 2;
    if (!text.startsWith('\x01DCC ', at)) return undefined;
    at += 5;
    // A command whose arguments cannot be read may be followed by a later one of the list.
    for (const command of COMMANDS) {
      if (!text.startsWith(command, at)) continue;
      at += command.length;
      const offer = readOffer(text, at);
      if (offer !== undefined) return offer;
    }
  }
}

/** Argument, blank, address, blanks, port; somewhere behind the first blank the line ends. */
function readOffer(text: string, at: number): Offer | undefined {
  const blank = text.indexOf(' ', at);
  // Behind the blank there must be room for `AAAAAAAA P\1\n`, but for one that comes first.
  if (blank < 0 || (blank > at && blank > text.length - 12)) return undefined;
  const from = blank + 1;
  if (!text.includes('\n', from)) return undefined;
  const [whole, address, port] = /^(\d*) *(\d*)/.exec(text.slice(from)) as unknown as [
    string,
    string,
    string,
  ];
  const number = Number(BigInt.asUintN(32, BigInt(`0${address}`)));
  return {
    address: Uint8Array.from([24, 16, 8, 0], (shift) => number >>> shift),
    port: Number(BigInt.asUintN(16, BigInt(`0${port}`))),
    from,
    to: from + whole.length,
  };
}
