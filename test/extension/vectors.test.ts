import { describe, expect, it } from 'vitest';
import { WasmtablesError } from '../../src/error.ts';
import type { Family } from '../../src/model/ruleset.ts';
import { hasVectors, readVectors, save } from '../save/vector.ts';

const BOTH: readonly Family[] = ['ipv4', 'ipv6'];
const FILES: readonly (readonly [file: string, families: readonly Family[]])[] = [
  ['libxt_tcp.t', BOTH],
  ['libxt_udp.t', BOTH],
  ['libxt_sctp.t', BOTH],
  ['libxt_comment.t', BOTH],
  ['libxt_mark.t', BOTH],
  ['libxt_addrtype.t', BOTH],
  ['libxt_dscp.t', BOTH],
  ['libxt_ecn.t', BOTH],
  ['libxt_tos.t', BOTH],
  ['libxt_iprange.t', BOTH],
  ['libipt_iprange.t', ['ipv4']],
  ['libip6t_iprange.t', ['ipv6']],
  ['libipt_ttl.t', ['ipv4']],
  ['libipt_ah.t', ['ipv4']],
  ['libip6t_ah.t', ['ipv6']],
  ['libip6t_icmp6.t', ['ipv6']],
  ['libip6t_dst.t', ['ipv6']],
  ['libip6t_hbh.t', ['ipv6']],
  ['libip6t_ipv6header.t', ['ipv6']],
  ['libip6t_mh.t', ['ipv6']],
  ['libip6t_eui64.t', ['ipv6']],
  ['libxt_conntrack.t', BOTH],
  ['libipt_conntrack.t', ['ipv4']],
  ['libip6t_conntrack.t', ['ipv6']],
  ['libxt_state.t', BOTH],
  ['libxt_connlabel.t', BOTH],
  ['libxt_helper.t', BOTH],
  ['libxt_cluster.t', BOTH],
  ['libipt_REJECT.t', ['ipv4']],
  ['libipt_LOG.t', ['ipv4']],
  ['libip6t_LOG.t', ['ipv6']],
  ['libxt_MARK.t', BOTH],
  ['libxt_CONNMARK.t', BOTH],
  ['libxt_NOTRACK.t', BOTH],
  ['libxt_NFLOG.t', BOTH],
  ['libxt_CHECKSUM.t', BOTH],
  ['libxt_CLASSIFY.t', BOTH],
  ['libxt_AUDIT.t', BOTH],
  ['libxt_TRACE.t', BOTH],
];

// Without `../shared/corpus` beside the project there is nothing to read: the suite is then skipped.
describe.skipIf(!hasVectors)("iptables' vectors of the extensions", () => {
  for (const [file, families] of FILES) {
    it(file, () => {
      for (const family of families) {
        for (const vector of readVectors(file)) {
          const where = `${file}:${vector.line} ${vector.chain} ${family}: ${vector.rule}`;
          if (vector.ok) expect(save(vector, family), where).toBe(vector.saved);
          else expect(() => save(vector, family), where).toThrow(WasmtablesError);
        }
      }
    });
  }
});
