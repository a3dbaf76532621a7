// Evaluators of matches, by the name of their extension.

import type { MatchEvaluator } from '../match.ts';
import { addrtype } from './addrtype.ts';
import { cluster } from './cluster.ts';
import { comment } from './comment.ts';
import { connbytes, connlabel, connmark, helper } from './connection.ts';
import { conntrack } from './conntrack.ts';
import { dccp } from './dccp.ts';
import { ecn } from './ecn.ts';
import { dscp, length, pkttype, tos, ttl } from './field.ts';
import { icmp, icmp6 } from './icmp.ts';
import { iprange } from './iprange.ts';
import { dst, frag, hbh, ipv6header, mh, rt } from './ipv6.ts';
import { eui64, mac } from './mac.ts';
import { mark } from './mark.ts';
import { multiport } from './multiport.ts';
import { sctp } from './sctp.ts';
import { ah, esp } from './spi.ts';
import { tcp } from './tcp.ts';
import { udp, udplite } from './udp.ts';

export const MATCHES: Readonly<Record<string, MatchEvaluator>> = {
  addrtype,
  ah,
  cluster,
  comment,
  connbytes,
  connlabel,
  connmark,
  conntrack,
  dccp,
  dscp,
  dst,
  ecn,
  esp,
  eui64,
  frag,
  hbh,
  helper,
  hl: ttl,
  icmp,
  icmp6,
  iprange,
  ipv6header,
  length,
  mac,
  mark,
  mh,
  multiport,
  pkttype,
  rt,
  sctp,
  state: conntrack,
  tcp,
  tos,
  ttl,
  udp,
  udplite,
};
