// Hook numbers are netfilter's (NF_INET_*, linux/netfilter.h); tables are numbered in the order of their hooks'
// priorities (NF_IP_PRI_*, linux/netfilter_ipv4.h).

export const PREROUTING = 0;
export const INPUT = 1;
export const FORWARD = 2;
export const OUTPUT = 3;
export const POSTROUTING = 4;
export const COUNT = 5;
/** Before any hook. */
export const NONE = 7;

export const RAW = 0;
export const MANGLE = 1;
export const NAT = 2;
export const FILTER = 3;
export const SECURITY = 4;
export const TABLE_COUNT = 5;
/** In an image's hook table, in the place of a table: connection tracking (NF_IP_PRI_CONNTRACK, behind raw at PREROUTING
 *  and OUTPUT), and the confirmation of new connections (behind everything at INPUT and POSTROUTING). */
export const CONNTRACK = 8;
export const CONFIRM = 9;
