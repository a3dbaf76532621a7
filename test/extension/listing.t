# Rules (iptables in 4, ip6tables in 6), what iptables -S printed of them and what iptables -L -v -n printed behind the
# addresses, or FAIL; from iptables 1.8.9. Where 1.8.11 differs, the line is as 1.8.11 has it.
4;-p tcp -m tcp ! --sport 5 --dport 1:6 ! --tcp-option 7 ! --tcp-flags ALL NONE;-p tcp -m tcp ! --sport 5 --dport 1:6 ! --tcp-option 7 ! --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE;tcp spt:!5 dpts:1:6 option=!7 flags:!0x3F/0x00
4;-p tcp --dport : -m multiport ! --dports 80,90:100;-p tcp -m tcp -m multiport ! --dports 80,90:100;tcp multiport dports  !80,90:100
4;-p tcp --dport 0x50:0120;-p tcp -m tcp --dport 80;tcp dpt:80
4;-p tcp --tcp-flags syn,,ack SYN,;-p tcp -m tcp --tcp-flags SYN,ACK SYN;tcp flags:0x12/0x02
4;-p tcp ! --tcp-flags NONE NONE;-p tcp -m tcp ! --tcp-flags NONE NONE;tcp flags:!0x00/0x00
4;-p tcp --tcp-flags NONE SYN;-p tcp -m tcp;tcp
4;-p tcp ! --syn;-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN;tcp flags:!0x17/0x02
4;-p tcp --dport 5:5:5;FAIL
4;-p tcp --tcp-flags ALL foo;FAIL
4;-p tcp --tcp-option 0;FAIL
4;-p tcp --syn --tcp-flags ALL ALL;FAIL
4;-p tcp --dport 5:3;FAIL
4;-p tcp --dport foo;FAIL
4;-p tcp -m tcp;-p tcp -m tcp;tcp
4;-p udp -m udp ! --dport 3:5;-p udp -m udp ! --dport 3:5;udp dpts:!3:5
4;-p udp -m multiport --ports 1:2,53;-p udp -m multiport --ports 1:2,53;multiport ports 1:2,53
4;-p tcp -m multiport --dports 5:5;FAIL
4;-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16;FAIL
4;-p udp -m multiport --ports 1,2,3,4,5,6,7,8,9,10,11,12,13:14,15;-p udp -m multiport --ports 1,2,3,4,5,6,7,8,9,10,11,12,13:14,15;multiport ports 1,2,3,4,5,6,7,8,9,10,11,12,13:14,15
4;-p udp -m multiport --ports 1,,2;FAIL
4;-p udp -m multiport --ports 1:;FAIL
4;-m multiport --ports 1;FAIL
4;-p tcp -m multiport;FAIL
4;-p udp -m multiport --dports 1 --sports 2;FAIL
4;-m mark ! --mark 1/5;-m mark ! --mark 0x1/0x5;mark match ! 0x1/0x5
4;-m mark --mark 010/07;-m mark --mark 0x8/0x7;mark match 0x8/0x7
4;-m mark --mark 0x1/;FAIL
4;-m mark --mark 09;FAIL
4;-m comment --comment 'a b';-m comment --comment "a b";/* a b */
4;-m comment --comment a-b_9;-m comment --comment a-b_9;/* a-b_9 */
4;-j LOG --log-prefix 1234567890123456789012345678901234567890 --log-level error --log-ip-options --log-uid;-j LOG --log-prefix 12345678901234567890123456789 --log-level 3 --log-ip-options --log-uid;LOG flags 12 level 3 prefix "12345678901234567890123456789"
4;-j LOG --log-macdecode --log-tcp-sequence --log-tcp-options;-j LOG --log-tcp-sequence --log-tcp-options --log-macdecode;LOG flags 35 level 4
4;-j LOG --log-level warn;FAIL
4;-j LOG --log-level 8;FAIL
4;-j MARK --and-mark 5;-j MARK --set-xmark 0x0/0xfffffffa;MARK and 0x5
4;-j MARK --or-mark 5;-j MARK --set-xmark 0x5/0x5;MARK or 0x5
4;-j MARK --xor-mark 5;-j MARK --set-xmark 0x5/0x0;MARK xor 0x5
4;-j MARK --set-mark 5;-j MARK --set-xmark 0x5/0xffffffff;MARK set 0x5
4;-j MARK --set-mark 5/3;-j MARK --set-xmark 0x5/0x7;MARK xset 0x5/0x7
4;-j MARK --set-xmark 5/3;-j MARK --set-xmark 0x5/0x3;MARK xset 0x5/0x3
4;-j MARK --set-mark 1 --set-mark 2;FAIL
4;-j NFLOG --nflog-group 3 --nflog-prefix 'a b' --nflog-range 5 --nflog-threshold 3;-j NFLOG --nflog-prefix "a b" --nflog-group 3 --nflog-range 5 --nflog-threshold 3;nflog-prefix "a b" nflog-group 3 nflog-range 5 nflog-threshold 3
4;-j NFLOG --nflog-size 0;-j NFLOG --nflog-size 0;nflog-size 0
4;-j NFLOG --nflog-threshold 0;-j NFLOG;
4;-j NFLOG --nflog-prefix xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx;-j NFLOG --nflog-prefix xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx;nflog-prefix xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
4;-j CHECKSUM --checksum-fill;-j CHECKSUM --checksum-fill;CHECKSUM fill
4;-j CLASSIFY --set-class 1:10;-j CLASSIFY --set-class 0001:0010;CLASSIFY set 1:10
4;-j AUDIT --type ACCEPT;-j AUDIT --type accept;AUDIT accept
4;-m length --length 4;-m length --length 4;length 4
4;-m length ! --length 4:;-m length ! --length 4:65535;length !4:65535
4;-m length --length :;-m length --length 0:65535;length 0:65535
4;-m length --length 1:2:3;FAIL
4;-m length --length 65536;FAIL
4;-m tos --tos 4;-m tos --tos 0x04/0xff;tos match0x04/0xff
4;-m tos ! --tos 4/7;-m tos ! --tos 0x04/0x07;tos match!0x04/0x07
4;-m tos --tos Minimize-Delay;-m tos --tos 0x10/0x3f;tos match0x10/0x3f
4;-m tos --tos 0x10/0x3f;-m tos --tos 0x10/0x3f;tos match0x10/0x3f
4;-m tos --tos 256;FAIL
4;-m tos --tos Min;FAIL
4;-m dscp --dscp 10;-m dscp --dscp 0x0a;DSCP match 0x0a
4;-m dscp ! --dscp-class ef;-m dscp ! --dscp 0x2e;DSCP match !0x2e
4;-m dscp --dscp-class AF11;-m dscp --dscp 0x0a;DSCP match 0x0a
4;-m dscp --dscp-class cs8;FAIL
4;-m dscp --dscp 1 --dscp-class CS1;FAIL
4;-m pkttype --pkt-type host;-m pkttype --pkt-type unicast;PKTTYPE = unicast
4;-m pkttype ! --pkt-type BROADCAST;-m pkttype ! --pkt-type broadcast;PKTTYPE != broadcast
4;-m pkttype --pkt-type mcast;-m pkttype --pkt-type multicast;PKTTYPE = multicast
4;-m pkttype --pkt-type otherhost;-m pkttype --pkt-type otherhost;PKTTYPE = otherhost
4;-m pkttype --pkt-type uni;FAIL
4;-m mac --mac-source 0:11:22:33:44:Ef;-m mac --mac-source 00:11:22:33:44:ef;MAC 00:11:22:33:44:ef
4;-m mac ! --mac-source 00:11:22:33:44:55;-m mac ! --mac-source 00:11:22:33:44:55;MAC ! 00:11:22:33:44:55
4;-m mac --mac-source 00:11:22:33:44;FAIL
4;-m addrtype --src-type UNICAST,local ! --dst-type MULTICAST --limit-iface-in;-m addrtype --src-type UNICAST,LOCAL ! --dst-type MULTICAST --limit-iface-in;ADDRTYPE match src-type UNICAST,LOCAL dst-type !MULTICAST limit-in
4;-m addrtype --dst-type PROHIBIT,unreachable,BLACKHOLE,THROW,NAT,XRESOLVE,ANYCAST,UNSPEC;-m addrtype --dst-type UNSPEC,ANYCAST,BLACKHOLE,UNREACHABLE,PROHIBIT,THROW,NAT,XRESOLVE;ADDRTYPE match dst-type UNSPEC,ANYCAST,BLACKHOLE,UNREACHABLE,PROHIBIT,THROW,NAT,XRESOLVE
4;-m addrtype --dst-type LOCAL --limit-iface-out --limit-iface-in;FAIL
4;-m addrtype --limit-iface-out;FAIL
4;-m ecn --ecn-ip-ect 2;-m ecn --ecn-ip-ect 2;ECN match ECT=2
4;-p tcp -m ecn --ecn-tcp-cwr ! --ecn-tcp-ece;-p tcp -m ecn ! --ecn-tcp-ece --ecn-tcp-cwr;ECN match !ECE CWR
4;-m ecn --ecn-tcp-cwr;FAIL
4;-m ecn;FAIL
4;-p esp -m esp --espspi 1:0x10;-p esp -m esp --espspi 1:16;esp spis:1:16
4;-p esp -m esp;-p esp -m esp;esp
4;-p sctp -m sctp --sport 4: ! --dport 5:6;-p sctp -m sctp --sport 4:65535 ! --dport 5:6;sctp spts:4:65535 dpts:!5:6
4;-p sctp -m sctp --sport : ! --dport :;-p sctp -m sctp --sport 0:65535 ! --dport 0:65535;sctp dpts:!0:65535
4;-p sctp -m sctp --chunk-types any DATA:Be,INIT;-p sctp -m sctp --chunk-types any DATA:Be,INIT;sctp any 0x0000:Be,0x0001
4;-p sctp -m sctp --chunk-types all DATA:bEuI,ABORT:t;-p sctp -m sctp --chunk-types all DATA:IubE,ABORT:t;sctp all 0x0000:IubE,0x0006:t
4;-p sctp -m sctp ! --chunk-types only SHUTDOWN_COMPLETE:T;-p sctp -m sctp ! --chunk-types only SHUTDOWN_COMPLETE:T;sctp ! only 0x000E:T
4;-p sctp -m sctp --chunk-types any ALL;-p sctp -m sctp --chunk-types any ALL;sctp any ALL
4;-p sctp -m sctp --chunk-types any NONE;-p sctp -m sctp --chunk-types any NONE;sctp any NONE
4;-p sctp -m sctp --chunk-types foo DATA;FAIL
4;-p sctp -m sctp --chunk-types any INIT:b;FAIL
4;-p sctp -m sctp --chunk-types all I_DATA,RE_CONFIG,PAD,I_FORWARD_TSN,ASCONF,ASCONF_ACK,FORWARD_TSN;-p sctp -m sctp --chunk-types all I_DATA,ASCONF_ACK,RE_CONFIG,PAD,FORWARD_TSN,ASCONF,I_FORWARD_TSN;sctp all 0x0040,0x0080,0x0082,0x0084,0x00C0,0x00C1,0x00C2
4;-p sctp -m sctp --chunk-types any I_DATA:iUBE;-p sctp -m sctp --chunk-types any I_DATA;sctp any 0x0040
4;-p dccp -m dccp --sport 1:2 ! --dport ssh;-p dccp -m dccp --sport 1:2 ! --dport 22;dccp spts:1:2 dpt:!22
4;-p dccp -m dccp --dccp-types REQUEST,RESPONSE,DATA,ACK,DATAACK,CLOSEREQ,CLOSE,RESET,SYNC,SYNCACK,INVALID;-p dccp -m dccp --dccp-types REQUEST,RESPONSE,DATA,ACK,DATAACK,CLOSEREQ,CLOSE,RESET,SYNC,SYNCACK,INVALID;dccp 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
4;-p dccp -m dccp ! --dccp-types sync;-p dccp -m dccp ! --dccp-types SYNC;dccp ! 8
4;-p dccp -m dccp ! --dccp-option 5;-p dccp -m dccp ! --dccp-option 5;dccp option=!5
4;-p dccp -m dccp --dccp-option 0;FAIL
6;-p tcp -m tcp ! --sport 5 --dport 1:6 ! --tcp-option 7 ! --tcp-flags ALL NONE;-p tcp -m tcp ! --sport 5 --dport 1:6 ! --tcp-option 7 ! --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE;tcp spt:!5 dpts:1:6 option=!7 flags:!0x3F/0x00
6;-p tcp --dport : -m multiport ! --dports 80,90:100;-p tcp -m tcp -m multiport ! --dports 80,90:100;tcp multiport dports  !80,90:100
6;-p tcp --dport 0x50:0120;-p tcp -m tcp --dport 80;tcp dpt:80
6;-p tcp --tcp-flags syn,,ack SYN,;-p tcp -m tcp --tcp-flags SYN,ACK SYN;tcp flags:0x12/0x02
6;-p tcp ! --tcp-flags NONE NONE;-p tcp -m tcp ! --tcp-flags NONE NONE;tcp flags:!0x00/0x00
6;-p tcp --tcp-flags NONE SYN;-p tcp -m tcp;tcp
6;-p tcp ! --syn;-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN;tcp flags:!0x17/0x02
6;-p tcp --dport 5:5:5;FAIL
6;-p tcp --tcp-flags ALL foo;FAIL
6;-p tcp --tcp-option 0;FAIL
6;-p tcp --syn --tcp-flags ALL ALL;FAIL
6;-p tcp --dport 5:3;FAIL
6;-p tcp --dport foo;FAIL
6;-p tcp -m tcp;-p tcp -m tcp;tcp
6;-p udp -m udp ! --dport 3:5;-p udp -m udp ! --dport 3:5;udp dpts:!3:5
6;-p udp -m multiport --ports 1:2,53;-p udp -m multiport --ports 1:2,53;multiport ports 1:2,53
6;-p tcp -m multiport --dports 5:5;FAIL
6;-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16;FAIL
6;-p udp -m multiport --ports 1,2,3,4,5,6,7,8,9,10,11,12,13:14,15;-p udp -m multiport --ports 1,2,3,4,5,6,7,8,9,10,11,12,13:14,15;multiport ports 1,2,3,4,5,6,7,8,9,10,11,12,13:14,15
6;-p udp -m multiport --ports 1,,2;FAIL
6;-p udp -m multiport --ports 1:;FAIL
6;-m multiport --ports 1;FAIL
6;-p tcp -m multiport;FAIL
6;-p udp -m multiport --dports 1 --sports 2;FAIL
6;-m mark ! --mark 1/5;-m mark ! --mark 0x1/0x5;mark match ! 0x1/0x5
6;-m mark --mark 010/07;-m mark --mark 0x8/0x7;mark match 0x8/0x7
6;-m mark --mark 0x1/;FAIL
6;-m mark --mark 09;FAIL
6;-m comment --comment 'a b';-m comment --comment "a b";/* a b */
6;-m comment --comment a-b_9;-m comment --comment a-b_9;/* a-b_9 */
6;-j LOG --log-prefix 1234567890123456789012345678901234567890 --log-level error --log-ip-options --log-uid;-j LOG --log-prefix 12345678901234567890123456789 --log-level 3 --log-ip-options --log-uid;LOG flags 12 level 3 prefix "12345678901234567890123456789"
6;-j LOG --log-macdecode --log-tcp-sequence --log-tcp-options;-j LOG --log-tcp-sequence --log-tcp-options --log-macdecode;LOG flags 35 level 4
6;-j LOG --log-level warn;FAIL
6;-j LOG --log-level 8;FAIL
6;-j MARK --and-mark 5;-j MARK --set-xmark 0x0/0xfffffffa;MARK and 0x5
6;-j MARK --or-mark 5;-j MARK --set-xmark 0x5/0x5;MARK or 0x5
6;-j MARK --xor-mark 5;-j MARK --set-xmark 0x5/0x0;MARK xor 0x5
6;-j MARK --set-mark 5;-j MARK --set-xmark 0x5/0xffffffff;MARK set 0x5
6;-j MARK --set-mark 5/3;-j MARK --set-xmark 0x5/0x7;MARK xset 0x5/0x7
6;-j MARK --set-xmark 5/3;-j MARK --set-xmark 0x5/0x3;MARK xset 0x5/0x3
6;-j MARK --set-mark 1 --set-mark 2;FAIL
6;-j NFLOG --nflog-group 3 --nflog-prefix 'a b' --nflog-range 5 --nflog-threshold 3;-j NFLOG --nflog-prefix "a b" --nflog-group 3 --nflog-range 5 --nflog-threshold 3;nflog-prefix "a b" nflog-group 3 nflog-range 5 nflog-threshold 3
6;-j NFLOG --nflog-size 0;-j NFLOG --nflog-size 0;nflog-size 0
6;-j NFLOG --nflog-threshold 0;-j NFLOG;
6;-j NFLOG --nflog-prefix xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx;-j NFLOG --nflog-prefix xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx;nflog-prefix xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
6;-j CHECKSUM --checksum-fill;-j CHECKSUM --checksum-fill;CHECKSUM fill
6;-j CLASSIFY --set-class 1:10;-j CLASSIFY --set-class 0001:0010;CLASSIFY set 1:10
6;-j AUDIT --type ACCEPT;-j AUDIT --type accept;AUDIT accept
6;-m length --length 4;-m length --length 4;length 4
6;-m length ! --length 4:;-m length ! --length 4:65535;length !4:65535
6;-m length --length :;-m length --length 0:65535;length 0:65535
6;-m length --length 1:2:3;FAIL
6;-m length --length 65536;FAIL
6;-m tos --tos 4;-m tos --tos 0x04/0xff;tos match0x04/0xff
6;-m tos ! --tos 4/7;-m tos ! --tos 0x04/0x07;tos match!0x04/0x07
6;-m tos --tos Minimize-Delay;-m tos --tos 0x10/0x3f;tos match0x10/0x3f
6;-m tos --tos 0x10/0x3f;-m tos --tos 0x10/0x3f;tos match0x10/0x3f
6;-m tos --tos 256;FAIL
6;-m tos --tos Min;FAIL
6;-m dscp --dscp 10;-m dscp --dscp 0x0a;DSCP match 0x0a
6;-m dscp ! --dscp-class ef;-m dscp ! --dscp 0x2e;DSCP match !0x2e
6;-m dscp --dscp-class AF11;-m dscp --dscp 0x0a;DSCP match 0x0a
6;-m dscp --dscp-class cs8;FAIL
6;-m dscp --dscp 1 --dscp-class CS1;FAIL
6;-m pkttype --pkt-type host;-m pkttype --pkt-type unicast;PKTTYPE = unicast
6;-m pkttype ! --pkt-type BROADCAST;-m pkttype ! --pkt-type broadcast;PKTTYPE != broadcast
6;-m pkttype --pkt-type mcast;-m pkttype --pkt-type multicast;PKTTYPE = multicast
6;-m pkttype --pkt-type otherhost;-m pkttype --pkt-type otherhost;PKTTYPE = otherhost
6;-m pkttype --pkt-type uni;FAIL
6;-m mac --mac-source 0:11:22:33:44:Ef;-m mac --mac-source 00:11:22:33:44:ef;MAC 00:11:22:33:44:ef
6;-m mac ! --mac-source 00:11:22:33:44:55;-m mac ! --mac-source 00:11:22:33:44:55;MAC ! 00:11:22:33:44:55
6;-m mac --mac-source 00:11:22:33:44;FAIL
6;-m addrtype --src-type UNICAST,local ! --dst-type MULTICAST --limit-iface-in;-m addrtype --src-type UNICAST,LOCAL ! --dst-type MULTICAST --limit-iface-in;ADDRTYPE match src-type UNICAST,LOCAL dst-type !MULTICAST limit-in
6;-m addrtype --dst-type PROHIBIT,unreachable,BLACKHOLE,THROW,NAT,XRESOLVE,ANYCAST,UNSPEC;FAIL
6;-m addrtype --dst-type LOCAL --limit-iface-out --limit-iface-in;FAIL
6;-m addrtype --limit-iface-out;FAIL
6;-m ecn --ecn-ip-ect 2;-m ecn --ecn-ip-ect 2;ECN match ECT=2
6;-p tcp -m ecn --ecn-tcp-cwr ! --ecn-tcp-ece;-p tcp -m ecn ! --ecn-tcp-ece --ecn-tcp-cwr;ECN match !ECE CWR
6;-m ecn --ecn-tcp-cwr;FAIL
6;-m ecn;FAIL
6;-p esp -m esp --espspi 1:0x10;-p esp -m esp --espspi 1:16;esp spis:1:16
6;-p esp -m esp;-p esp -m esp;esp
6;-p sctp -m sctp --sport 4: ! --dport 5:6;-p sctp -m sctp --sport 4:65535 ! --dport 5:6;sctp spts:4:65535 dpts:!5:6
6;-p sctp -m sctp --sport : ! --dport :;-p sctp -m sctp --sport 0:65535 ! --dport 0:65535;sctp dpts:!0:65535
6;-p sctp -m sctp --chunk-types any DATA:Be,INIT;-p sctp -m sctp --chunk-types any DATA:Be,INIT;sctp any 0x0000:Be,0x0001
6;-p sctp -m sctp --chunk-types all DATA:bEuI,ABORT:t;-p sctp -m sctp --chunk-types all DATA:IubE,ABORT:t;sctp all 0x0000:IubE,0x0006:t
6;-p sctp -m sctp ! --chunk-types only SHUTDOWN_COMPLETE:T;-p sctp -m sctp ! --chunk-types only SHUTDOWN_COMPLETE:T;sctp ! only 0x000E:T
6;-p sctp -m sctp --chunk-types any ALL;-p sctp -m sctp --chunk-types any ALL;sctp any ALL
6;-p sctp -m sctp --chunk-types any NONE;-p sctp -m sctp --chunk-types any NONE;sctp any NONE
6;-p sctp -m sctp --chunk-types foo DATA;FAIL
6;-p sctp -m sctp --chunk-types any INIT:b;FAIL
6;-p sctp -m sctp --chunk-types all I_DATA,RE_CONFIG,PAD,I_FORWARD_TSN,ASCONF,ASCONF_ACK,FORWARD_TSN;-p sctp -m sctp --chunk-types all I_DATA,ASCONF_ACK,RE_CONFIG,PAD,FORWARD_TSN,ASCONF,I_FORWARD_TSN;sctp all 0x0040,0x0080,0x0082,0x0084,0x00C0,0x00C1,0x00C2
6;-p sctp -m sctp --chunk-types any I_DATA:iUBE;-p sctp -m sctp --chunk-types any I_DATA;sctp any 0x0040
6;-p dccp -m dccp --sport 1:2 ! --dport ssh;-p dccp -m dccp --sport 1:2 ! --dport 22;dccp spts:1:2 dpt:!22
6;-p dccp -m dccp --dccp-types REQUEST,RESPONSE,DATA,ACK,DATAACK,CLOSEREQ,CLOSE,RESET,SYNC,SYNCACK,INVALID;-p dccp -m dccp --dccp-types REQUEST,RESPONSE,DATA,ACK,DATAACK,CLOSEREQ,CLOSE,RESET,SYNC,SYNCACK,INVALID;dccp 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
6;-p dccp -m dccp ! --dccp-types sync;-p dccp -m dccp ! --dccp-types SYNC;dccp ! 8
6;-p dccp -m dccp ! --dccp-option 5;-p dccp -m dccp ! --dccp-option 5;dccp option=!5
6;-p dccp -m dccp --dccp-option 0;FAIL
4;-p icmp -m icmp ! --icmp-type any;-p icmp -m icmp ! --icmp-type any;icmp !type 255
4;-p icmp -m icmp --icmp-type 3/1;-p icmp -m icmp --icmp-type 3/1;icmptype 3 code 1
4;-p icmp -m icmp ! --icmp-type redirect;-p icmp -m icmp ! --icmp-type 5;icmp !type 5
4;-p icmp --icmp-type echo;FAIL
4;-p icmp --icmp-type 300;FAIL
4;-p icmp --icmp-type 255/3;-p icmp -m icmp --icmp-type any;icmptype 255 code 3
4;-p icmp --icmp-type 3/256;FAIL
4;-m ttl ! --ttl 4;-m ttl ! --ttl-eq 4;TTL match TTL != 4
4;-m ttl --ttl-gt 4;-m ttl --ttl-gt 4;TTL match TTL > 4
4;-m ttl --ttl-lt 0;-m ttl --ttl-lt 0;TTL match TTL < 0
4;-m ttl ! --ttl-lt 3;FAIL
4;-m ttl --ttl-eq 1 --ttl-gt 3;FAIL
4;-m iprange --src-range 1.1.1.1 ! --dst-range 1.1.1.3-1.1.1.3;-m iprange --src-range 1.1.1.1-1.1.1.1 ! --dst-range 1.1.1.3-1.1.1.3;source IP range 1.1.1.1-1.1.1.1 destination IP range ! 1.1.1.3-1.1.1.3
4;-m iprange --src-range 1.1.1.5-;FAIL
4;-p ah -m ah ! --ahspi 5:;-p ah -m ah ! --ahspi 5:4294967295;ah spis:!5:4294967295
4;-p ah -m ah;-p ah -m ah;ah 
6;-m hl ! --hl 4;-m hl ! --hl-eq 4;HL match HL != 4
6;-m hl --hl-gt 4;-m hl --hl-gt 4;HL match HL > 4
6;-m hl --hl-lt 256;FAIL
6;-m iprange ! --src-range ::1-::f;-m iprange ! --src-range ::1-::f;source IP range ! ::1-::f
6;-m ah ! --ahspi 5 ! --ahlen 3 --ahres;-m ah ! --ahspi 5 ! --ahlen 3 --ahres;ah spi:!5length:!3 reserved
6;-m ah --ahlen 0;-m ah;ah 
6;-m frag;-m frag;frag 
6;-m frag ! --fragid 4: --fragmore --fragfirst --fragres;-m frag ! --fragid 4:4294967295 --fragres --fragfirst --fragmore;frag ids:!4:4294967295 reserved first more
6;-m frag --fragid : --fraglast;-m frag --fraglast;frag  last
6;-m frag ! --fraglen 8;-m frag ! --fraglen 8;frag  length:!8
6;-m frag --fragmore --fraglast;FAIL
6;-m rt --rt-type 0 --rt-segsleft 1:23 --rt-len 42 --rt-0-res;-m rt --rt-type 0 --rt-segsleft 1:23 --rt-len 42 --rt-0-res;rt type:0 segslefts:1:23 length:42 reserved
6;-m rt ! --rt-type 1 ! --rt-segsleft 12:23 ! --rt-len 42;-m rt ! --rt-type 1 ! --rt-segsleft 12:23 ! --rt-len 42;rt type:!1 segslefts:!12:23 length:!42
6;-m rt --rt-type 0 --rt-0-addrs ::1,::2 --rt-0-not-strict;-m rt --rt-type 0 --rt-0-addrs ::1,::2 --rt-0-not-strict;rt type:0 0-addrs ::1,::2 0-not-strict
6;-m rt --rt-type 0 --rt-0-not-strict;FAIL
6;-m rt --rt-0-res;FAIL
6;-m rt --rt-segsleft 5;-m rt --rt-segsleft 5;rt segsleft:5
6;-m hbh --hbh-len 42 --hbh-opts 1:2,23:42,4:6,8:10,42,23,4:5;-m hbh --hbh-len 42 --hbh-opts 1:2,23:42,4:6,8:10,42,23,4:5;hbh length:42 opts 1:2,23:42,4:6,8:10,42,23,4:5
6;-m hbh ! --hbh-len 42;-m hbh ! --hbh-len 42;hbh length:!42
6;-m hbh --hbh-opts 1:255,0x10:0x2;-m hbh --hbh-opts 1,16:2;hbh opts 1,16:2
6;-m hbh --hbh-opts 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17;FAIL
6;-m dst --dst-len 8 --dst-opts 1,2,5:3;-m dst --dst-len 8 --dst-opts 1,2,5:3;dst length:8 opts 1,2,5:3
6;-m ipv6header ! --header hop,dst,route,frag,auth,esp,none,prot --soft;-m ipv6header ! --header hop-by-hop,ipv6-opts,ipv6-route,ipv6-frag,ah,esp,ipv6-nonxt,protocol --soft;ipv6header flags:!0xFF soft
6;-m ipv6header --header 0,60,43,44,51,50,59,255;-m ipv6header --header hop-by-hop,ipv6-opts,ipv6-route,ipv6-frag,ah,esp,ipv6-nonxt,protocol;ipv6header flags:0xFF
6;-m ipv6header --header foo;FAIL
6;-m ipv6header --header tcp;FAIL
6;-p mh -m mh ! --mh-type brr:bu;-p mobility-header -m mh ! --mh-type 0:5;mh !0:5
6;-p mh -m mh --mh-type home;-p mobility-header -m mh --mh-type 1;mh 1
6;-p mh -m mh --mh-type cot;-p mobility-header -m mh --mh-type 4;mh 4
6;-p mh -m mh --mh-type be:bu;FAIL
6;-p mh -m mh --mh-type 256;FAIL
6;-p icmpv6 --icmpv6-type echo-request;-p ipv6-icmp -m icmp6 --icmpv6-type 128;ipv6-icmptype 128
6;-p icmpv6 --icmpv6-type no;-p ipv6-icmp -m icmp6 --icmpv6-type 1/0;ipv6-icmptype 1 code 0
6;-p icmpv6 --icmpv6-type 3/0x1;-p ipv6-icmp -m icmp6 --icmpv6-type 3/1;ipv6-icmptype 3 code 1
6;-p icmpv6 --icmpv6-type neigh;FAIL
6;-p icmpv6 --icmpv6-type any;FAIL
6;-m eui64;-m eui64;eui64 
6;-m addrtype --dst-type BROADCAST;FAIL
