// The modelled machine as flat tables (src/host/lower.ts writes them, assembly/path/ reads them), position
// independent: references are byte offsets from its start. One ArrayBuffer, read-only while packets run, except
// that INTERFACE_COUNT may grow: records of interfaces that only the capture names are there beforehand.
//
//   header | interface records | MAC table | VLAN devices | local addresses | joined groups | rules | FIB tables
//
// All numbers are u32 unless said otherwise. Addresses have the form of layout/packet.ts: IPv4 a u32, IPv6 two
// u64, high half first, as integers.

export const MAGIC_VALUE = 0x48534d57; // "WMSH"
export const MAGIC = 0;
export const HOST_BYTES = 4;
/** PLACEMENT_*: what arrive() does with a packet. */
export const PLACEMENT = 8;
/** `--hook`: NF_INET_*. */
export const HOOK = 12;
/** `--in`, `--out`; 0 none. */
export const DEFAULT_IN = 16;
export const DEFAULT_OUT = 20;
/** The first interface that is not a loopback, and the loopback interface (0: none). */
export const FIRST_INTERFACE = 24;
export const LOOPBACK = 28;
/** USE_* and other bits. */
export const FLAGS = 32;
/** Interface records: INTERFACE_BYTES each, Image.INTERFACES of them, by index. */
export const INTERFACES = 36;
export const INTERFACE_COUNT = 40;
/** MAC table: entries of 16 bytes (u64 key, u32 interface, u32 0), a power of two; mask = entries - 1. */
export const MACS = 44;
export const MAC_MASK = 48;
/** VLAN devices: VLAN_BYTES each. */
export const VLANS = 52;
export const VLAN_COUNT = 56;
/** Host addresses of each family: hashed, LOCAL4_BYTES and LOCAL6_BYTES an entry. */
export const LOCALS4 = 60;
export const LOCAL4_MASK = 64;
export const LOCALS6 = 68;
export const LOCAL6_MASK = 72;
/** Joined multicast groups: GROUP4_BYTES and GROUP6_BYTES each. */
export const GROUPS4 = 76;
export const GROUP4_COUNT = 80;
export const GROUPS6 = 84;
export const GROUP6_COUNT = 88;
/** Policy rules of each family: RULE_BYTES each. */
export const RULES4 = 92;
export const RULE4_COUNT = 96;
export const RULES6 = 100;
export const RULE6_COUNT = 104;
/** Table 255 of each family, for `-m addrtype`; 0 none. IPv4 without policy rules: merged with the main table. */
export const LOCAL_TABLE4 = 108;
export const LOCAL_TABLE6 = 112;
/** net.ipv6.conf.all.forwarding. */
export const ALL_FORWARDING6 = 116;
/** IPv4 without policy rules: the table that almost always answers alone (LOCAL_TABLE4); else 0. */
export const PLAIN_TABLE4 = 120;
/** IPv4 broadcast addresses of the interfaces: their number, then BROADCAST4_BYTES each, in the interfaces' order. */
export const BROADCASTS4 = 124;
export const HEADER_BYTES = 128;

/** Addresses and routes decide. */
export const PLACEMENT_HOST = 0;
/** `--hook`. */
export const PLACEMENT_HOOK = 1;
/** The guess "a router": every unicast packet is forwarded between DEFAULT_IN and DEFAULT_OUT. */
export const PLACEMENT_ROUTER = 2;

export const USE_MAC = 1;
export const USE_VLAN = 2;
/**
 * Interfaces and routes are really known: a packet whose interface nothing else tells came in where the route back to
 * its source points, and link-local and multicast routes count on their own interface only.
 */
export const ROUTE_BACK = 4;
/** IPv4 has policy rules or local routes besides the kernel's own: fib_validate_source looks the source up. */
export const FULL_SOURCE_CHECK = 8;
/** Some IPv4 (IPv6) policy rule looks at protocol or ports: else the flow has none. */
export const RULES4_PORTS = 16;
export const RULES6_PORTS = 32;

// Interface record.
/** IF_* bits: facts and switches that matter before and in routing. */
export const IF_FLAGS = 0;
export const IF_MTU = 4;
/** rp_filter: 0 off, 1 strict, 2 loose; the larger of `all` and the interface's. */
export const IF_RP_FILTER = 8;
/** The interface whose IP layer gets what comes in here: a bridge or bond above; else itself. */
export const IF_UPPER = 12;
/** u64: MAC as an integer, first byte lowest (IF_HAS_MAC). */
export const IF_MAC = 16;
export const IF_MTU6 = 24;
export const INTERFACE_BYTES = 32;

export const IF_LOOPBACK = 1;
export const IF_ETHERNET = 2;
export const IF_UP = 4;
export const IF_FORWARDING4 = 8;
export const IF_ACCEPT_LOCAL = 16;
export const IF_ROUTE_LOCALNET = 32;
export const IF_SOURCE_ROUTE = 64;
export const IF_SEND_REDIRECTS = 128;
export const IF_BC_FORWARDING = 256;
export const IF_DROP_L2_4 = 512; // drop_unicast_in_l2_multicast, IPv4
export const IF_DROP_L2_6 = 1024;
export const IF_DISABLE_IPV6 = 2048;
/** net.ipv6.conf.IF.force_forwarding. */
export const IF_FORCE_FORWARDING6 = 4096;
/** The interface has an IPv4 address (fib_validate_source's no_addr). */
export const IF_HAS_ADDRESS4 = 8192;
export const IF_SRC_VALID_MARK = 16384;
/** It knows its MAC. */
export const IF_HAS_MAC = 32768;

// VLAN device.
/** Device below, TPID << 16 | VLAN id, the device. */
export const VLAN_LINK = 0;
export const VLAN_TAG = 4;
export const VLAN_DEVICE = 8;
export const VLAN_BYTES = 16;

// Host address: the key, then the interface (0: free entry; never 0 otherwise).
export const LOCAL4_ADDRESS = 0;
export const LOCAL4_INTERFACE = 4;
export const LOCAL4_BYTES = 8;
export const LOCAL6_ADDRESS = 0; // 16 bytes
export const LOCAL6_INTERFACE = 16;
export const LOCAL6_BYTES = 32;

// Broadcast address (ifa_broadcast), with the mask of the address that it belongs to. The first stands behind the number.
export const BROADCAST4_FIRST = 4;
export const BROADCAST4_INTERFACE = 0;
export const BROADCAST4_ADDRESS = 4;
export const BROADCAST4_MASK = 8;
export const BROADCAST4_BYTES = 12;

// Joined group; interface 0 is every interface. Ordered by interface.
export const GROUP4_ADDRESS = 0;
export const GROUP4_INTERFACE = 4;
export const GROUP4_BYTES = 8;
export const GROUP6_ADDRESS = 0; // 16 bytes
export const GROUP6_INTERFACE = 16;
export const GROUP6_BYTES = 32;

// Policy rule.
/** RULE_* bits. */
export const RULE_FLAGS = 0;
/** RULE_LOOKUP ... */
export const RULE_ACTION = 4;
/** Lookup: offset of the table, 0 when it is empty. Goto: index of the target rule, the rule count when there is none. */
export const RULE_ARG = 8;
/** Interface indexes; 0 any; RULE_NO_INTERFACE one that the machine does not have. */
export const RULE_IIF = 12;
export const RULE_OIF = 16;
export const RULE_MARK = 20;
export const RULE_MARK_MASK = 24;
/** (tos ^ RULE_TOS) & RULE_TOS_MASK must be 0. */
export const RULE_TOS = 28;
export const RULE_TOS_MASK = 32;
/** 0 any. */
export const RULE_PROTO = 36;
/** Inclusive ranges, low | high << 16; RULE_SPORTS, RULE_DPORTS tell if they count. */
export const RULE_SPORT = 40;
export const RULE_DPORT = 44;
/** Prefix lengths up to this are no answer, plus one; 0: none. */
export const RULE_SUPPRESS = 48;
/** Addresses and masks, 16 bytes each (IPv4: the first word). */
export const RULE_SRC = 64;
export const RULE_SRC_MASK = 80;
export const RULE_DST = 96;
export const RULE_DST_MASK = 112;
export const RULE_BYTES = 128;

export const RULE_INVERT = 1;
/** It has a condition; without one it matches everything. */
export const RULE_CONDITIONS = 2;
export const RULE_SPORTS = 4;
export const RULE_DPORTS = 8;
export const RULE_NO_INTERFACE = 0x7fffffff;

export const RULE_LOOKUP = 0;
export const RULE_GOTO = 1;
export const RULE_NOP = 2;
export const RULE_BLACKHOLE = 3;
export const RULE_UNREACHABLE = 4;
export const RULE_PROHIBIT = 5;

// FIB table: the prefixes cut the address space into intervals; each interval belongs to its longest prefix.
//
//   header | index: 2^bits + 1 words | starts: 4 (16) bytes an interval | routes of intervals: a word each
//
// index[k] is the first interval that starts at or after k << (32 - bits); the interval of an address is the last
// one that starts at or before it. Interval 0 starts at address 0. A word 0 means that no prefix covers the interval.
/** 32 - bits (IPv4), 64 - bits (IPv6, of the high half). */
export const TABLE_SHIFT = 0;
/** Offsets from the start of the machine. */
export const TABLE_INDEX = 4;
export const TABLE_STARTS = 8;
export const TABLE_ROUTES = 12;
export const TABLE_BYTES = 16;

// Route. Those of one prefix stand in the order in which they are tried, one behind another. The last one goes on
// with the next shorter prefix that covers this one.
/** RTN_*; RTN_THROW ends the search of this table without an answer. */
export const ROUTE_TYPE = 0;
/** Interface; 0 for types without one. */
export const ROUTE_OUT = 4;
/** Route to try when a condition of this one fails: offset, 0 none. */
export const ROUTE_NEXT = 8;
export const ROUTE_PREFIX_LENGTH = 12;
/** ROUTE_* bits. */
export const ROUTE_FLAGS = 16;
export const ROUTE_TOS = 20;
/** The route's own MTU, 0 none. */
export const ROUTE_MTU = 24;
/** Interfaces of all next hops, when there are several: offset of a count and as many words; 0 otherwise. */
export const ROUTE_NEXTHOPS = 28;
/** IPv6 source-specific routing: prefix and mask, 16 bytes each. */
export const ROUTE_FROM = 32;
export const ROUTE_FROM_MASK = 48;
export const ROUTE_BYTES = 64;

/** The next hop is a gateway. */
export const ROUTE_GATEWAY = 1;
/** ROUTE_FROM counts. */
export const ROUTE_HAS_FROM = 2;
/** The next record has the same prefix, source and metric (IPv6): the one by the wanted interface is preferred. */
export const ROUTE_EQUAL_FOLLOWS = 4;

// Kinds of addresses and routes (linux/rtnetlink.h, RTN_*); `1 << kind` is xt_addrtype's mask bit.
export const RTN_UNSPEC = 0;
export const RTN_UNICAST = 1;
export const RTN_LOCAL = 2;
export const RTN_BROADCAST = 3;
export const RTN_ANYCAST = 4;
export const RTN_MULTICAST = 5;
export const RTN_BLACKHOLE = 6;
export const RTN_UNREACHABLE = 7;
export const RTN_PROHIBIT = 8;
export const RTN_THROW = 9;
