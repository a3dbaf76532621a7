// Session descriptions in SIP (SDP): the media that a side is ready to receive are expected, RTP and RTCP.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Packet from '../../../src/layout/packet.ts';
import {
  describe,
  EALREADY,
  EXPECTED,
  expect,
  lookUp,
  matched,
  newExpectation,
  release,
  SKIP_MASTER,
  unexpect,
} from '../expect';
import { ANY, isAddress, sourceOf } from '../side';
import { ANY_END, readIpv4, readIpv6 } from './address';
import { digitsEnd } from './number';
import { isLineEnd, matchAt, matchLength, nextLine, noteMatch, readNumber } from './sip-header';
import { AUDIO, IMAGE, IN_IP4, IN_IP6, isExactly, isLetter, lower, VIDEO } from './word';

const IPPROTO_UDP: u32 = 17;
// The letters of lines.
const NONE: u32 = 0;
const CONNECTION: u32 = 99; // c
const MEDIA: u32 = 109; // m
const VERSION: u32 = 118; // v
const EQUALS: u32 = 61;
const BLANK: u32 = 32;
/** Media that Linux looks at in one description. */
const MOST_MEDIA: u32 = 3;
const MEDIA_LETTERS: u32 = 6;
const WHERE_LETTERS: u32 = 7;

/**
 * process_sdp: what the description in [data, end) says is expected. Answers TRACK_DROP where Linux drops the packet.
 */
export function readDescription(
  lane: usize,
  shard: usize,
  p: usize,
  entry: usize,
  direction: u32,
  data: usize,
  end: usize,
  payload: usize,
): i32 {
  const six = load<u8>(entry, Conntrack.FAMILY) == 6;
  if (getLine(shard, six, data, end, VERSION, NONE) <= 0) return Conntrack.TRACK_ACCEPT;
  let at = matchAt(shard);
  const own = shard + Conntrack.SHARD_SCRATCH_ADDRESS;
  const session = shard + Conntrack.SHARD_SCRATCH_ADDRESS2;
  const connected = getLine(shard, six, at, end, CONNECTION, MEDIA) > 0;
  if (connected) v128.store(session, v128.load(own));
  for (let media: u32 = 0; media < MOST_MEDIA; ) {
    if (getLine(shard, six, at, end, MEDIA, NONE) <= 0) break;
    at = matchAt(shard);
    const kind = mediaClass(at, matchLength(shard));
    if (kind == 0) {
      at += matchLength(shard);
      continue;
    }
    at += MEDIA_LETTERS;
    const port = readNumber(at, end);
    if (port <= 0) continue;
    if (port < 1024 || port > 0xffff) return Conntrack.TRACK_DROP;
    // The medium's own address comes first.
    const place = <u32>(at - payload);
    const digits = <u32>(digitsEnd(at, end) - at);
    const stated = getLine(shard, six, at, end, CONNECTION, MEDIA) > 0;
    if (!stated && !connected) return Conntrack.TRACK_DROP;
    const address = stated ? own : session;
    // Media elsewhere (sip_direct_media is on).
    if (isAddress(entry, sourceOf(direction), address)) {
      if (!expectMedia(lane, shard, p, entry, direction, kind, <u32>port, place, digits)) {
        return Conntrack.TRACK_DROP;
      }
    }
    media++;
  }
  return Conntrack.TRACK_ACCEPT;
}

/** Class of expectations for a media line at `at`; 0 for media that are not looked at. */
function mediaClass(at: usize, length: u32): u32 {
  if (length < MEDIA_LETTERS) return 0;
  if (isExactly(at, AUDIO, 0, MEDIA_LETTERS)) return Conntrack.SIP_AUDIO;
  if (isExactly(at, VIDEO, 0, MEDIA_LETTERS)) return Conntrack.SIP_VIDEO;
  return isExactly(at, IMAGE, 0, MEDIA_LETTERS) ? Conntrack.SIP_IMAGE : 0;
}

/** ct_sip_get_sdp_header: 1 and a match, -1 when the line's value is none, 0 without such a line before `stop`'s. */
function getLine(shard: usize, six: bool, at: usize, limit: usize, letter: u32, stop: u32): i32 {
  for (; at < limit; at++) {
    if (!isLineEnd(load<u8>(at))) continue;
    at = nextLine(at, limit);
    if (at == 0) return 0;
    if (at + 2 > limit || u32(load<u8>(at, 1)) != EQUALS) continue;
    const here = lower(load<u8>(at));
    if (here == stop) return 0;
    if (here == letter) return readLine(shard, six, at + 2, limit, letter);
  }
  return 0;
}

function readLine(shard: usize, six: bool, at: usize, limit: usize, letter: u32): i32 {
  let length: u32 = 0;
  if (letter == VERSION) {
    length = <u32>(digitsEnd(at, limit) - at);
  } else if (letter == MEDIA) {
    length = mediaLength(at, limit);
  } else {
    at = where(at, limit, six ? IN_IP6 : IN_IP4);
    if (at == 0) return -1;
    length = addressLength(shard, six, at, limit);
  }
  noteMatch(shard, at, length);
  return length == 0 ? -1 : 1;
}

/** media_len: the type, a blank and the digits of the port. */
function mediaLength(at: usize, limit: usize): u32 {
  const start = at;
  while (at < limit && isLetter(load<u8>(at))) at++;
  if (at >= limit || u32(load<u8>(at)) != BLANK) return 0;
  return <u32>(digitsEnd(at + 1, limit) - start);
}

/** ct_sdp_header_search: behind `IN IP4 ` in the line; 0 when it is not there. */
function where(at: usize, limit: usize, word: u64): usize {
  for (limit -= WHERE_LETTERS; at < limit; at++) {
    if (isLineEnd(load<u8>(at))) return 0;
    if (isExactly(at, word, 0, WHERE_LETTERS)) return at + WHERE_LETTERS;
  }
  return 0;
}

function addressLength(shard: usize, six: bool, at: usize, limit: usize): u32 {
  const to = shard + Conntrack.SHARD_SCRATCH_ADDRESS;
  store<u64>(to, 0);
  store<u64>(to, 0, 8);
  const end = six ? readIpv6(at, limit, ANY_END, to) : readIpv4(at, limit, ANY_END, to);
  return end == 0 ? 0 : <u32>(end - at);
}

/** set_expected_rtp_rtcp: false where Linux drops the packet. `kind` is the class, [place, digits) the port's in the payload. */
function expectMedia(
  lane: usize,
  shard: usize,
  p: usize,
  entry: usize,
  direction: u32,
  kind: u32,
  port: u32,
  place: u32,
  digits: u32,
): bool {
  const rtp = describeMedia(lane, shard, entry, direction, kind, port);
  if (rtp == 0) return false;
  if (isExpectedElsewhere(lane, shard, p, entry, rtp, kind, port)) {
    release(shard, rtp);
    return true;
  }
  const even = port & 0xfffe;
  store<u32>(rtp, even << 16, Conntrack.EXPECT_PORTS);
  matched(rtp, place, digits);
  const rtcp = describeMedia(lane, shard, entry, direction, kind, even + 1);
  if (rtcp == 0) {
    release(shard, rtp);
    return false;
  }
  matched(rtcp, place, digits);
  const first = expect(lane, shard, p, rtp, SKIP_MASTER);
  if (first != EXPECTED && first != EALREADY) {
    release(shard, rtcp);
    return false;
  }
  const second = expect(lane, shard, p, rtcp, SKIP_MASTER);
  if (second == EXPECTED || second == EALREADY) return true;
  if (first == EXPECTED) unexpect(shard, rtp);
  return false;
}

function describeMedia(lane: usize, shard: usize, entry: usize, direction: u32, kind: u32, port: u32): usize {
  const e = newExpectation(lane, shard, entry);
  if (e == 0) return 0;
  // From the other side (sip_direct_media) to the speaker, whose address this is.
  describe(e, kind, sourceOf(direction ^ 1), sourceOf(direction), IPPROTO_UDP, ANY, port);
  return e;
}

/** The same call seen on its way to another: its media are expected already. */
function isExpectedElsewhere(
  lane: usize,
  shard: usize,
  p: usize,
  entry: usize,
  rtp: usize,
  kind: u32,
  port: u32,
): bool {
  const from = rtp + Conntrack.EXPECT_SRC;
  const to = rtp + Conntrack.EXPECT_DST;
  const family = load<u32>(p, Packet.FAMILY);
  const zone = u32(load<u16>(entry, Conntrack.ZONE));
  const other = lookUp(lane, shard, p, family, from, to, IPPROTO_UDP, port << 16, zone, true);
  if (other == 0) return false;
  const master = <usize>load<u32>(other, Conntrack.EXPECT_MASTER);
  return (
    master != entry &&
    load<u8>(master, Conntrack.HELPER) == load<u8>(entry, Conntrack.HELPER) &&
    load<u8>(master, Conntrack.PROTO) == load<u8>(entry, Conntrack.PROTO) &&
    u32(load<u8>(other, Conntrack.EXPECT_CLASS)) == kind
  );
}
