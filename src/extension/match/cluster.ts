// -m cluster (xt_cluster.c): the connection is one of those that this node of a cluster answers for.

import * as Op from '../../layout/op.ts';
import type { MatchExtension, ParsedOption } from '../extension.ts';
import { argument, exclusive, find, integer, integerOption, not } from '../value.ts';

/**
 * The node is hash(source address of the connection, or of its master) * totalNodes >> 32; of an IPv6 address the first
 * 32 bits count. A packet without an entry
 * does not match, inverted or not. A packet to a unicast address that came in as a multicast one (pkttype) is one for
 * the host from here on.
 */
export interface ClusterOptions {
  /** 1 to 32. */
  readonly totalNodes: number;
  /** Bit i stands for node i + 1. */
  readonly nodeMask: number;
  readonly seed: number;
  readonly invert: boolean;
}

const MOST_NODES = 32;

export const cluster: MatchExtension<ClusterOptions> = {
  kind: 'match',
  name: 'cluster',
  needsConntrack: () => true,
  needsMaster: () => true,
  options: [
    { name: 'cluster-total-nodes', arguments: 1 },
    { name: 'cluster-local-node', arguments: 1, invertible: true },
    { name: 'cluster-local-nodemask', arguments: 1, invertible: true },
    { name: 'cluster-hash-seed', arguments: 1 },
  ],

  parse(options, context) {
    exclusive(options, ['cluster-local-node', 'cluster-local-nodemask'], context);
    const given = (name: string): ParsedOption =>
      find(options, name) ?? context.fail(`cluster: option "--${name}" must be specified`);
    const number = (option: ParsedOption): number => integerOption(option, context, MOST_NODES, 1);
    const totalNodes = number(given('cluster-total-nodes'));
    const seedOption = given('cluster-hash-seed');
    const seed = integer(argument(seedOption), 0xffffffff);
    if (seed === undefined) return context.fail('--cluster-hash-seed: a number of 32 bits', seedOption);
    const node = find(options, 'cluster-local-node');
    const mask = find(options, 'cluster-local-nodemask');
    const local = node ?? mask;
    if (local === undefined) {
      return context.fail('cluster needs --cluster-local-node or --cluster-local-nodemask');
    }
    // iptables reads no mask above 32, although it prints such masks: the kernel takes them.
    const nodeMask =
      node === undefined ? integerOption(local, context, 0xffffffff, 1) : (1 << (number(node) - 1)) >>> 0;
    if (nodeMask >= 2 ** totalNodes) {
      return context.fail(`--${local.name}: there are ${totalNodes} nodes only`, local);
    }
    return { totalNodes, nodeMask, seed, invert: local.invert };
  },

  print({ totalNodes, nodeMask, seed, invert }) {
    const [mask, hash] = [hex8(nodeMask), hex8(seed)];
    return `${not(invert)}--cluster-local-nodemask ${mask} --cluster-total-nodes ${totalNodes} --cluster-hash-seed ${hash}`;
  },

  list({ totalNodes, nodeMask, seed, invert }) {
    const mask = `${invert ? '!' : ''}node_mask=${hex8(nodeMask)}`;
    return `cluster ${mask} total_nodes=${totalNodes} hash_seed=${hex8(seed)}`;
  },

  lower({ totalNodes, nodeMask, seed, invert }, context) {
    context.emit(Op.CLUSTER, totalNodes | (invert ? 1 << 16 : 0), nodeMask, seed);
  },
};

const hex8 = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
