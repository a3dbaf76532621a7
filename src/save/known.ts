// Names of matches and targets that exist (iptables 1.8, xtables-addons, old patches), modelled or not: such a name is
// no misspelling of another.

export const OTHER_MATCHES: ReadonlySet<string> = new Set(
  (
    'addrtype ah bpf cgroup cluster comment connbytes connlabel connlimit connmark conntrack cpu dccp devgroup dscp ' +
    'dst ecn esp eui64 frag hashlimit hbh helper hl icmp icmp6 ipcomp iprange ipv6header ipvs ipp2p layer7 length ' +
    'limit lscan mac mark mh multiport nfacct nth osf owner physdev pkttype policy psd quota quota2 random rateest ' +
    'realm recent rpfilter rt sctp set socket srh state statistic string tcp tcpmss time tos ttl u32 udp udplite ' +
    'unclean geoip account condition dhcpmac fuzzy iface ipv4options length2 gradm pknock'
  ).split(' '),
);

/** An unknown target that is not among these is a misspelled chain. */
export const OTHER_TARGETS: ReadonlySet<string> = new Set(
  (
    'AUDIT CHECKSUM CLASSIFY CLUSTERIP CONNMARK CONNSECMARK CT DNAT DNPT DSCP ECN HL HMARK IDLETIMER LED LOG MARK ' +
    'MASQUERADE MIRROR NETMAP NFLOG NFQUEUE NOTRACK RATEEST REDIRECT REJECT SAME SECMARK SET SNAT SNPT SYNPROXY ' +
    'TARPIT TCPMSS TCPOPTSTRIP TEE TOS TPROXY TRACE TTL ULOG ACCOUNT CHAOS DELUDE DHCPMAC ECHO IPMARK LOGMARK ' +
    'NDPI PROTO RTPENGINE STEAL SYSRQ XOR BALANCE FTOS IMQ IPV4OPTSSTRIP ROUTE'
  ).split(' '),
);
