// SIP (nf_conntrack_sip.c): requests and responses over UDP, one a packet, and over TCP, told apart by Content-Length.

import { equal } from '../expectation.ts';
import {
  type Context,
  type HelperVerdict,
  otherDirection,
  type Segment,
  tcpPayload,
  tupleOf,
  udpPayload,
} from './segment.ts';
import { readDescription } from './sip-description.ts';
import { contacts, headerNumber, parameter, readNumber } from './sip-text.ts';

const SECOND = 1_000_000_000n;
/** sip_timeout */
const TIMEOUT_NS = 3600n * SECOND;
const SIGNALLING = 0;

/** CSeq of the last requests of two kinds. */
interface State {
  register: number;
  invite: number;
}

/** A message and where it begins in its packet's payload. */
interface Message {
  readonly text: string;
  readonly offset: number;
  readonly cseq: number;
}

type Handler = (context: Context, segment: Segment, message: Message, code: number) => HelperVerdict;

export function sip(context: Context, segment: Segment): HelperVerdict {
  const tcp = context.master.protocol === 6;
  if (tcp && !segment.established) return 'accept';
  const payload = tcp ? tcpPayload(segment) : udpPayload(segment);
  if (payload === undefined) return 'accept';
  context.master.refresh(segment.nowNs, TIMEOUT_NS);
  context.master.helperState ??= { register: 0, invite: 0 } satisfies State;
  // Of what was cut the lines that are whole.
  const text = payload.cut ? payload.text.replace(/[^\r\n]*$/, '') : payload.text;
  if (text.length < 'SIP/2.0 200'.length) return 'accept';
  const verdict = tcp ? stream(context, segment, text) : read(context, segment, text, 0);
  return payload.cut ? 'accept' : verdict;
}

function stream(context: Context, segment: Segment, text: string): HelperVerdict {
  for (let at = 0; ; ) {
    const rest = text.slice(at);
    const length = headerNumber(rest, 'Content-Length');
    if (length?.value === undefined) return 'accept';
    const head = rest.indexOf('\r\n\r\n', length.digits);
    const end = head + 4 + length.value;
    if (head < 0 || end > rest.length) return 'accept';
    const verdict = read(context, segment, rest.slice(0, end), at);
    if (verdict !== 'accept') return verdict;
    at += end;
  }
}

function read(context: Context, segment: Segment, text: string, offset: number): HelperVerdict {
  const response = /^SIP\/2\.0 /i.test(text);
  if (!response) {
    const method = (/^(\w+) [a-zÀ-ÖØ-öø-ÿ]/i.exec(text)?.[1] ?? '').toUpperCase();
    const handler = REQUESTS[method];
    if (handler === undefined) return 'accept';
    const cseq = headerNumber(text, 'CSeq');
    return cseq?.value === undefined
      ? 'drop'
      : handler(context, segment, { text, offset, cseq: cseq.value }, 0);
  }
  const code = readNumber(text.slice(8)) ?? 0;
  const cseq = headerNumber(text, 'CSeq');
  if (code === 0 || cseq?.value === undefined) return 'drop';
  const rest = text.slice(cseq.digits + 1).toUpperCase();
  for (const [method, handler] of Object.entries(RESPONSES)) {
    if (rest.startsWith(method)) return handler(context, segment, { text, offset, cseq: cseq.value }, code);
  }
  return 'accept';
}

function describe({ master, expectations }: Context, segment: Segment, message: Message): HelperVerdict {
  return readDescription(master, expectations, segment, message.text, message.offset);
}

function hangUp({ master, expectations }: Context, segment: Segment): HelperVerdict {
  for (const one of expectations.of(master, segment.nowNs)) {
    if (one.class !== SIGNALLING) expectations.remove(one);
  }
  return 'accept';
}

function stateOf(context: Context): State {
  return context.master.helperState as State;
}

const REQUESTS: Record<string, Handler> = {
  INVITE: (context, segment, message) => {
    hangUp(context, segment);
    const verdict = describe(context, segment, message);
    if (verdict === 'accept') stateOf(context).invite = message.cseq;
    return verdict;
  },
  UPDATE: describe,
  ACK: describe,
  PRACK: describe,
  BYE: hangUp,
  REGISTER: register,
};

const answer: Handler = (context, segment, message, code) => {
  if (code >= 100 && code <= 299) return describe(context, segment, message);
  return stateOf(context).invite === message.cseq ? hangUp(context, segment) : 'accept';
};

const RESPONSES: Record<string, Handler> = {
  INVITE: answer,
  UPDATE: answer,
  PRACK: answer,
  REGISTER: registered,
};

/** What a Contact's parameters say: 'other' transport than the connection's; undefined: no number of seconds. */
function parametersOf(
  context: Context,
  text: string,
  at: number,
  general: number,
): number | 'other' | undefined {
  const transport = parameter(text, at, 'transport=');
  const own = context.master.protocol === 6 ? /^tcp/i : /^udp/i;
  // The three letters are looked at wherever the parameters end.
  if (transport !== undefined && !own.test(transport)) return 'other';
  const expires = parameter(text, at, 'expires=');
  return expires === undefined ? general : readNumber(expires);
}

function register(context: Context, segment: Segment, { text, offset, cseq }: Message): HelperVerdict {
  const { master, expectations } = context;
  if (master.expected) return 'accept';
  const [contact] = contacts(text, master.family);
  const own = tupleOf(master, segment.direction);
  if (contact === undefined || !equal(contact.address, own.source)) return 'accept';
  const seconds = parametersOf(context, text, contact.to, headerNumber(text, 'Expires')?.value ?? 0);
  if (seconds === 'other') return 'accept';
  if (seconds === undefined) return 'drop';
  if (seconds > 0) {
    const request = {
      family: master.family,
      protocol: master.protocol,
      source: tupleOf(master, otherDirection(segment.direction)).source,
      destination: contact.address,
      destinationPort: contact.port,
      class: SIGNALLING,
      helper: 'sip' as const,
      permanent: true,
      inactive: true,
      match: { offset: offset + contact.from, length: contact.to - contact.from },
    };
    if (expectations.expect(master, request, segment.nowNs) !== 'expected') return 'drop';
  }
  stateOf(context).register = cseq;
  return 'accept';
}

function registered(
  context: Context,
  segment: Segment,
  { text, cseq }: Message,
  code: number,
): HelperVerdict {
  const { master, expectations } = context;
  if (stateOf(context).register !== cseq || (code >= 100 && code <= 199)) return 'accept';
  const mine = expectations.of(master, segment.nowNs).filter((one) => one.class === SIGNALLING);
  const general = headerNumber(text, 'Expires')?.value ?? 0;
  const client = tupleOf(master, segment.direction).destination;
  for (const contact of code >= 200 && code <= 299 ? contacts(text, master.family) : []) {
    if (!equal(contact.address, client)) continue;
    const seconds = parametersOf(context, text, contact.to, general);
    if (seconds === 'other') continue;
    if (seconds === undefined) return 'drop';
    if (seconds === 0) break;
    const found = mine.find(
      (one) =>
        equal(one.destination, contact.address) &&
        one.protocol === master.protocol &&
        one.destinationPort === contact.port,
    );
    if (found === undefined) continue;
    found.deadlineNs = segment.nowNs + BigInt(seconds) * SECOND;
    found.inactive = false;
    return 'accept';
  }
  const [newest] = mine;
  if (newest !== undefined) expectations.remove(newest);
  return 'accept';
}
