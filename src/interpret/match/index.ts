// Evaluators of matches, by the name of their extension.

import type { MatchEvaluator } from '../match.ts';
import { comment } from './comment.ts';
import { icmp, icmp6 } from './icmp.ts';
import { mark } from './mark.ts';
import { multiport } from './multiport.ts';
import { tcp } from './tcp.ts';
import { udp, udplite } from './udp.ts';

export const MATCHES: Readonly<Record<string, MatchEvaluator>> = {
  comment,
  icmp,
  icmp6,
  mark,
  multiport,
  tcp,
  udp,
  udplite,
};
