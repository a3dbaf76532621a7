// The packet record: what the kernel knows of one packet once its headers are decoded.
// Shared by assembly/ (writes and reads it) and src/ (tests, trace). Offsets in bytes; every field is a u32
// unless it says otherwise, so that one generic test (Op.FIELD_RANGE, Op.FIELD_MASK) reaches each of them.
//
// Addresses: IPv4 is a u32 in host order at +0 with the other 12 bytes zero; IPv6 is two u64 in host order, the
// high half at +0, the low half at +8. Rules hold addresses and masks in the same form, so that one 128-bit
// compare serves both families, and ranges compare as integers.

export const SRC = 0; // 16 bytes
export const DST = 16; // 16 bytes
/** Transport protocol as `-p` sees it. IPv6: behind the extension headers; NO_PROTO when their chain is broken. */
export const PROTO = 32;
/** Ports in host order; 0 unless FLAG_PORTS, but for a source port of which no more is there. */
export const SPORT = 36;
export const DPORT = 40;
/** Byte 13 of the TCP header; 0 unless it is TCP and captured. */
export const TCP_FLAGS = 44;
/** type << 8 | code of ICMP or ICMPv6; 0 unless captured. */
export const ICMP = 48;
/** Bytes from the IP header on, by the header (40 + payload length in IPv6): what counters count. */
export const LENGTH = 52;
export const TTL = 56;
/** IPv4 TOS byte, IPv6 traffic class. */
export const TOS = 60;
export const MARK = 64;
/** Interface indexes of the modelled machine; 0 is none. */
export const IIF = 68;
export const OIF = 72;
/** PACKET_HOST 0, BROADCAST 1, MULTICAST 2, OTHERHOST 3, OUTGOING 4, LOOPBACK 5 (linux/if_packet.h). */
export const PKTTYPE = 76;
/** Fragment offset in units of 8 bytes. */
export const FRAG_OFFSET = 80;
export const FLAGS = 84;
/** Absolute address of the IP header. */
export const L3 = 88;
/** Captured bytes from the IP header on, at most LENGTH. */
export const L3_CAP = 92;
/** Offset of the transport header from L3. */
export const L4_OFFSET = 96;
/** Bytes from the transport header on that the IP header declares. */
export const L4_LEN = 100;
/** ... and how many of those are captured. */
export const L4_CAP = 104;
/** Absolute address of the Ethernet header; 0 when the link has none. */
export const MAC = 108;
/** The EtherType or protocol number of what is not IP, for the SKIP reason. */
export const ETHERTYPE = 112;
/** Index of the record in its batch. */
export const RECORD = 116;
/** u64, nanoseconds since 1970. */
export const TIME = 120;
/** Hash of the tuple, the same for both directions. */
export const HASH = 128;
/** 4 or 6; 0 for what is not IP. */
export const FAMILY = 132;
/** How the packet enters the machine: Path.*. */
export const PATH = 136;
export const VERDICT = 140;
export const REASON = 144;
/** The last hook reached (NF_INET_*). */
export const HOOK = 148;
/** Rule index (in the image) of what decided; NO_RULE when nothing did. */
export const DECISION = 152;
/** ... of what decided in the last traversal of a filter table. */
export const FILTER_DECISION = 156;
/** The connection tracking entry (layout/conntrack.ts), 0 none; and what the packet is to it: Conntrack.INFO_*. */
export const CT = 160;
export const CTINFO = 164;
/** What `-m conntrack --ctstate` asks: Conntrack.STATE_*. INVALID until the packet has passed connection tracking. */
export const CTSTATE = 168;
/** What `-j CT` said in table raw: absolute address of its operation; 0 nothing. */
export const CT_TEMPLATE = 172;
/** Direction flag of the capture: 0 not known, 1 inbound, 2 outbound. */
export const DIRECTION = 176;
/** Cooked capture's packet type + 1 (pkttype numbers above); 0 when the link has none. */
export const COOKED = 180;
/** The VLAN tags of an Ethernet frame: how many, and the outermost tag's VLAN id (12 bits). */
export const VLAN_COUNT = 184;
export const VLAN_ID = 188;
/** VLAN id of the second tag. */
export const VLAN_ID2 = 192;
/** Outer TPID (0x8100 or 0x88a8). */
export const VLAN_TPID = 196;
/** Number of the datagram a fragment belongs to, relative to nothing: absolute packet number, 0 unknown (u64). */
export const DATAGRAM = 200;
/** IPv6: offset from L3 of the fragment header, 0 when there is none. */
export const FRAG_HEADER = 208;
/** IPv6: offset from L3 of the first authentication header, 0 when there is none. The nft back end takes it for the
 *  transport header (nft_set_pktinfo_ipv6()), where legacy ip6tables walks on. */
export const AUTH_HEADER = 212;
/** MTU of the route to OIF, 0 when it has none of its own. Written by routing. */
export const ROUTE_MTU = 216;
/** 1 when OUTPUT's route is a broadcast one: the host gets a copy of the packet. Written by output routing. */
export const SENT_BROADCAST = 220;
/** Looked up beforehand, for the whole vector (layout/tree.ts): the classifier's address, 0 when it is not; the first
 *  candidate's place in its chain; and for each tree the group to go on with, 0 when it was not looked at. */
export const STAGED_FOR = 224;
export const STAGED_RULE = 228;
export const STAGED = 232;
/** Absolute address of the frame, its captured and its original length, both without a frame check sequence. */
export const FRAME = 256;
export const FRAME_CAP = 260;
export const FRAME_LEN = 264;
/** Index of the capture interface (layout/capture.ts). */
export const CAPTURE_INTERFACE = 268;
/** Of a datagram that was reassembled: the longest of its fragments, as a packet; 0 otherwise. */
export const FRAG_MAX = 272;
/** Trace: why it is INVALID (layout/invalid.ts), and the tracker's state before | after << 8. */
export const CT_REASON = 276;
export const CT_STATES = 280;
/** Address of the shard (layout/conntrack.ts) that its state is in. */
export const CT_SHARD = 284;
/** u64: number of the packet in the scan, from 1. */
export const NUMBER = 288;
/** Bits 1 << Conntrack.IPCT_* of what the packet changed in its entry, and its tuple's ports in the form of entries. */
export const CT_EVENTS = 296;
export const CT_PORTS = 300;
/** The tuple's bucket hash, if it was looked at beforehand; 0 otherwise. And its bucket then. */
export const CT_HASH = 304;
export const CT_FIRST = 308;
/** Bytes of a record; a multiple of 64, so that records do not share cache lines. */
export const BYTES = 320;

export const NO_PROTO = 0xffff;
export const NO_RULE = 0x7fffffff;

// FLAGS
/** SPORT and DPORT hold the first four captured bytes of TCP, UDP, UDPLite, SCTP or DCCP. */
export const FLAG_PORTS = 1;
/** More fragments follow (MF). */
export const FLAG_MORE_FRAGMENTS = 2;
/** DF, IPv4. */
export const FLAG_DONT_FRAGMENT = 4;
/** Fewer bytes captured than the header says: a match that needs a missing byte makes the verdict UNKNOWN. */
export const FLAG_SNAPPED = 8;
/** IPv4 header checksum is wrong. */
export const FLAG_BAD_IP_CHECKSUM = 16;
/**
 * The transport header is not one that protocol, ports, flags or type can be searched by: a later fragment, cut short,
 * behind an IPv6 authentication header or a broken header chain. Classifiers hand such packets to the linear walk.
 */
export const FLAG_ABNORMAL = 32;
/** IPv6: a Fragment header is present (even an atomic one). */
export const FLAG_IPV6_FRAGMENT = 64;
/** IPv6: the extension header chain could not be walked to its end within the packet's declared length (or depth). */
export const FLAG_BROKEN_CHAIN = 128;
/** IPv6: the chain was cut by the snap length, so that the transport protocol is not known. */
export const FLAG_SNAPPED_CHAIN = 256;
/** IPv4 header has options. */
export const FLAG_IP_OPTIONS = 512;
/** A match or target with an assumed answer (--unknown match, no-match) was asked about the packet. */
export const FLAG_ASSUMED = 1024;
/** It has passed reassembly before PREROUTING or OUTPUT: what is still a fragment goes on as it is. */
export const FLAG_GATHERED = 4096;
/** Hop-by-hop options for which Linux drops a packet that comes in. */
export const FLAG_BAD_OPTION = 2048;
