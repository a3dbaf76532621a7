// Session descriptions in SIP: the media that a side is ready to receive are expected, RTP and RTCP.

import type { Address } from '../../../model/address.ts';
import type { Family } from '../../../model/ruleset.ts';
import { type ExpectationTable, equal, type Master, type Request } from '../expectation.ts';
import { readIpv4, readIpv6 } from './address.ts';
import { type HelperVerdict, otherDirection, type Segment, tupleOf } from './segment.ts';
import { lineStarts, readNumber } from './sip-text.ts';

/** enum sip_expectation_classes */
const CLASSES = new Map([
  ['audio ', 1],
  ['video ', 2],
  ['image ', 3],
]);
/** Media that Linux looks at. */
const MOST = 3;

interface Line {
  /** Offset of the value. */
  readonly at: number;
  readonly value: string;
  readonly address?: Address | undefined;
}

/** The next line of that letter before one of `stop`: undefined when there is none, or its value is not right. */
function nextLine(
  text: string,
  from: number,
  letter: string,
  family: Family,
  stop?: string,
): Line | undefined {
  for (const start of lineStarts(text, from)) {
    const head = text.slice(start, start + 2).toLowerCase();
    if (head === `${stop}=`) return undefined;
    if (head === `${letter}=`) return readLine(text, start + 2, letter, family);
  }
  return undefined;
}

function readLine(text: string, at: number, letter: string, family: Family): Line | undefined {
  const rest = text.slice(at);
  if (letter === 'c') {
    const net = family === 'ipv4' ? 'IN IP4 ' : 'IN IP6 ';
    const place = (/^[^\r\n]*/.exec(rest) as RegExpExecArray)[0].indexOf(net);
    if (place < 0 || at + place + net.length >= text.length) return undefined;
    const found = (family === 'ipv4' ? readIpv4 : readIpv6)(rest.slice(place + net.length));
    return found === undefined
      ? undefined
      : { at: at + place + net.length, value: '', address: found.address };
  }
  const match = (letter === 'v' ? /^\d+/ : /^[a-zÀ-ÖØ-öø-ÿ]* \d*/i).exec(rest);
  return match === null ? undefined : { at, value: match[0] };
}

export function readDescription(
  master: Master,
  expectations: ExpectationTable,
  segment: Segment,
  text: string,
  offset: number,
): HelperVerdict {
  const { family } = master;
  const version = nextLine(text, 0, 'v', family);
  if (version === undefined) return 'accept';
  const session = nextLine(text, version.at, 'c', family, 'm')?.address;
  let at = version.at;
  for (let media = 0; media < MOST; ) {
    const line = nextLine(text, at, 'm', family);
    if (line === undefined) return 'accept';
    const kind = CLASSES.get(line.value.slice(0, 6));
    at = line.at + (kind === undefined ? line.value.length : 6);
    if (kind === undefined) continue;
    const port = readNumber(text.slice(at)) ?? 0;
    if (port === 0) continue;
    if (port < 1024 || port > 65535) return 'drop';
    const address = nextLine(text, at, 'c', family, 'm')?.address ?? session;
    if (address === undefined) return 'drop';
    const own = tupleOf(master, segment.direction).source;
    const match = { offset: offset + at, length: line.value.length - 6 };
    if (equal(own, address)) {
      const source = tupleOf(master, otherDirection(segment.direction)).source;
      const request = { family, protocol: 17, source, destination: address, class: kind, match };
      if (!expectMedia(master, expectations, segment.nowNs, request, port)) return 'drop';
    }
    media++;
  }
  return 'accept';
}

/** set_expected_rtp_rtcp */
function expectMedia(
  master: Master,
  expectations: ExpectationTable,
  nowNs: bigint,
  request: Omit<Request, 'destinationPort'> & { readonly source: Address },
  port: number,
): boolean {
  const { family, source, destination } = request;
  const tuple = { source, destination, sourcePort: 0, destinationPort: port };
  const known = expectations.find(family, 17, tuple, master.zone, nowNs);
  if (known !== undefined && known.master !== master && known.class === request.class) {
    const { helper, protocol } = known.master;
    if (helper === master.helper && protocol === master.protocol) return true;
  }
  const even = port & 0xfffe;
  const isFine = (destinationPort: number): boolean | 'new' => {
    const outcome = expectations.expect(master, { ...request, destinationPort }, nowNs, true);
    return outcome === 'expected' ? 'new' : outcome === 'EALREADY';
  };
  const rtp = isFine(even);
  if (rtp === false) return false;
  if (isFine(even + 1) !== false) return true;
  const made = expectations.of(master, nowNs).find((one) => one.destinationPort === even);
  if (rtp === 'new' && made !== undefined) expectations.remove(made);
  return false;
}
