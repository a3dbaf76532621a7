// Protocol names: the ones iptables itself knows, then those of protocols(5).

/** iptables' own names; the first name of a number is the one it prints (xtables_chain_protos). */
const OWN_NAMES: readonly (readonly [name: string, number: number])[] = [
  ['tcp', 6],
  ['sctp', 132],
  ['udp', 17],
  ['udplite', 136],
  ['icmp', 1],
  ['ipv6-icmp', 58],
  ['icmpv6', 58],
  ['esp', 50],
  ['ah', 51],
  ['mobility-header', 135],
  ['ipv6-mh', 135],
  ['mh', 135],
  ['dccp', 33],
  ['ipcomp', 108],
  ['all', 0],
];

const OTHER_NAMES = `
  ip=0 hopopt=0 igmp=2 ggp=3 ipencap=4 st=5 egp=8 igp=9 pup=12 hmp=20 xns-idp=22 rdp=27 iso-tp4=29
  xtp=36 ddp=37 idpr-cmtp=38 ipv6=41 ipv6-route=43 ipv6-frag=44 idrp=45 rsvp=46 gre=47 skip=57
  ipv6-nonxt=59 ipv6-opts=60 rspf=73 vmtp=81 eigrp=88 ospf=89 ax.25=93 ipip=94 etherip=97 encap=98
  pim=103 vrrp=112 l2tp=115 isis=124 fc=133 mpls-in-ip=137 manet=138 hip=139 shim6=140 wesp=141
  rohc=142 ethernet=143 ipv4=4 cbt=7 bbn-rcc-mon=10 nvp-ii=11 argus=13 emcon=14 xnet=15 chaos=16
  mux=18 dcn-meas=19 prm=21 trunk-1=23 trunk-2=24 leaf-1=25 leaf-2=26 irtp=28 netblt=30 mfe-nsp=31
  merit-inp=32 3pc=34 idpr=35 tp++=39 il=40 sdrp=42 dsr=48 bna=49 ipv6-crypt=50 ipv6-auth=51 i-nlsp=52
  swipe=53 narp=54 mobile=55 tlsp=56 ipv6-hopopts=0 ospfigp=89 carp=112 gmtp=100 pnni=102 scps=105
  qnx=106 a/n=107 snp=109 compaq-peer=110 ipx-in-ip=111 pgm=113 stp=118 smp=121 sm=122 ptp=123
  rsvp-e2e-ignore=134
`;

const numbers = new Map<string, number>(OWN_NAMES);
for (const entry of OTHER_NAMES.trim().split(/\s+/)) {
  const [name = '', number = ''] = entry.split('=');
  if (!numbers.has(name)) numbers.set(name, Number(number));
}

const ownNames = new Map<number, string>();
for (const [name, number] of OWN_NAMES) if (!ownNames.has(number)) ownNames.set(number, name);

/** Number of a protocol given by name, in lower case; 0 is `all`. Numbers are not looked at. */
export function protocolNumber(name: string): number | undefined {
  return numbers.get(name);
}

/** The name that iptables-save prints for a protocol, or undefined where it prints the number. */
export function protocolName(number: number): string | undefined {
  return ownNames.get(number);
}

/** Every known name, for hints. */
export function protocolNames(): string[] {
  return [...numbers.keys()];
}
