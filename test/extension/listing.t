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
# Connection tracking. A line with * says the table and the chain of those behind it. Ours alone: masks and ports out
# of range and labels above 32 bits, of which iptables keeps some bits, are errors.
*mangle FORWARD
4;-m conntrack --ctstate NEW,ESTABLISHED,RELATED,INVALID,DNAT,SNAT,UNTRACKED;-m conntrack --ctstate INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED,SNAT,DNAT;ctstate INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED,SNAT,DNAT
4;-m conntrack ! --ctstate e,N;-m conntrack ! --ctstate NEW,ESTABLISHED;! ctstate NEW,ESTABLISHED
4;-m conntrack --ctstate ,NEW;FAIL
4;-m conntrack --ctstate NEW,;FAIL
4;-m conntrack --ctstate NEWX;FAIL
4;-m conntrack --ctstatus none,assured;-m conntrack --ctstatus ASSURED;ctstatus ASSURED
4;-m conntrack ! --ctstatus NONE;-m conntrack ! --ctstatus NONE;! ctstatus NONE
4;-m conntrack --ctstatus EXPECTED,SEEN_REPLY,ASSURED,CONFIRMED;-m conntrack --ctstatus EXPECTED,SEEN_REPLY,ASSURED,CONFIRMED;ctstatus EXPECTED,SEEN_REPLY,ASSURED,CONFIRMED
4;-m conntrack ! --ctproto udp;-m conntrack ! --ctproto 17;! ctproto 17
4;-m conntrack --ctproto 300;FAIL
4;-m conntrack --ctproto all;FAIL
4;-m conntrack --ctorigsrc 10.1.2.3/24;-m conntrack --ctorigsrc 10.1.2.3/24;ctorigsrc 10.1.2.3/24
4;-m conntrack --ctorigsrc 10.1.2.3/255.0.255.0;-m conntrack --ctorigsrc 10.1.2.3/255.0.255.0;ctorigsrc 10.1.2.3/255.0.255.0
4;-m conntrack --ctorigsrc 10.1;-m conntrack --ctorigsrc 10.0.0.1;ctorigsrc 10.0.0.1
4;-m conntrack --ctorigsrc 10.1/16;-m conntrack --ctorigsrc 10.0.0.1/16;ctorigsrc 10.0.0.1/16
4;-m conntrack --ctorigsrc 0/0;-m conntrack --ctorigsrc 0.0.0.0/0;ctorigsrc 0.0.0.0/0
4;-m conntrack --ctorigsrc 1.2.3.4/0;-m conntrack --ctorigsrc 1.2.3.4/0;ctorigsrc 1.2.3.4/0
4;-m conntrack ! --ctrepldst 1.2.3.4/32 --ctreplsrc 1.2.3.4 --ctorigdst 5.6.7.8/31;-m conntrack --ctorigdst 5.6.7.8/31 --ctreplsrc 1.2.3.4 ! --ctrepldst 1.2.3.4;ctorigdst 5.6.7.8/31 ctreplsrc 1.2.3.4 ! ctrepldst 1.2.3.4
4;-m conntrack --ctorigsrc 1.2.3.4/33;FAIL
4;-m conntrack --ctorigsrc localhost;-m conntrack --ctorigsrc 127.0.0.1;ctorigsrc 127.0.0.1
4;-m conntrack --ctorigsrc any;FAIL
4;-m conntrack --ctorigsrc 1.2.3.4,5.6.7.8;FAIL
4;-m conntrack ! --ctorigsrcport http;-m conntrack ! --ctorigsrcport 80;! ctorigsrcport 80
4;-m conntrack --ctorigdstport 22:ssh --ctrepldstport 0 --ctreplsrcport 0:0;-m conntrack --ctorigdstport 22 --ctreplsrcport 0 --ctrepldstport 0;ctorigdstport 22 ctreplsrcport 0 ctrepldstport 0
4;-m conntrack --ctorigdstport 0x16:040;FAIL
4;-m conntrack --ctorigdstport 70000;FAIL
4;-m conntrack --ctorigdstport 1:2:3;FAIL
4;-m conntrack --ctexpire 5:;-m conntrack --ctexpire 5:4294967295;ctexpire 5:4294967295
4;-m conntrack --ctexpire :5;-m conntrack --ctexpire 0:5;ctexpire 0:5
4;-m conntrack --ctexpire :;-m conntrack --ctexpire 0:4294967295;ctexpire 0:4294967295
4;-m conntrack --ctexpire 0x10:0x20;-m conntrack --ctexpire 16:32;ctexpire 16:32
4;-m conntrack --ctexpire 1:2:3;FAIL
4;-m conntrack ! --ctexpire 1:4294967295;-m conntrack ! --ctexpire 1:4294967295;! ctexpire 1:4294967295
4;-m conntrack --ctdir original;-m conntrack --ctdir ORIGINAL;ctdir ORIGINAL
4;-m conntrack --ctdir ORIG;FAIL
4;-m conntrack ! --ctdir REPLY;FAIL
4;-m conntrack --ctdir reply --ctexpire 4 --ctstatus ASSURED --ctorigsrc 1.1.1.1 --ctproto 6 --ctstate NEW --ctreplsrcport 5 --ctorigsrcport 7;-m conntrack --ctstate NEW --ctproto 6 --ctorigsrc 1.1.1.1 --ctorigsrcport 7 --ctreplsrcport 5 --ctstatus ASSURED --ctexpire 4 --ctdir REPLY;ctstate NEW ctproto 6 ctorigsrc 1.1.1.1 ctorigsrcport 7 ctreplsrcport 5 ctstatus ASSURED ctexpire 4 ctdir REPLY
4;-m conntrack --ctstate NEW --ctstate NEW;FAIL
4;-m state ! --state NEW;-m state ! --state NEW;! state NEW
4;-m state --state new,rel,EST,inv,unt;-m state --state INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED;state INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED
4;-m state --state SNAT;FAIL
4;-m state --state DNAT;FAIL
4;-m connmark --mark 1;-m connmark --mark 0x1;connmark match  0x1
4;-m connmark ! --mark 1/3;-m connmark ! --mark 0x1/0x3;connmark match ! 0x1/0x3
4;-m connmark --mark 5/3;-m connmark --mark 0x5/0x3;connmark match  0x5/0x3
4;-m connmark;FAIL
4;-m connbytes --connbytes 10 --connbytes-dir both --connbytes-mode bytes;-m connbytes --connbytes 10 --connbytes-mode bytes --connbytes-dir both;connbytes 10 connbytes mode bytes connbytes direction both
4;-m connbytes --connbytes 10: --connbytes-dir original --connbytes-mode packets;-m connbytes --connbytes 10 --connbytes-mode packets --connbytes-dir original;connbytes 10 connbytes mode packets connbytes direction original
4;-m connbytes --connbytes :10 --connbytes-dir reply --connbytes-mode avgpkt;-m connbytes --connbytes 0:10 --connbytes-mode avgpkt --connbytes-dir reply;connbytes 0:10 connbytes mode avgpkt connbytes direction reply
4;-m connbytes --connbytes : --connbytes-dir reply --connbytes-mode avgpkt;-m connbytes --connbytes 0 --connbytes-mode avgpkt --connbytes-dir reply;connbytes 0 connbytes mode avgpkt connbytes direction reply
4;-m connbytes ! --connbytes 10:20 --connbytes-dir reply --connbytes-mode avgpkt;-m connbytes ! --connbytes 10:20 --connbytes-mode avgpkt --connbytes-dir reply;! connbytes 10:20 connbytes mode avgpkt connbytes direction reply
4;-m connbytes ! --connbytes 20:20 --connbytes-dir reply --connbytes-mode avgpkt;-m connbytes --connbytes 20:20 --connbytes-mode avgpkt --connbytes-dir reply;connbytes 20:20 connbytes mode avgpkt connbytes direction reply
4;-m connbytes ! --connbytes 20 --connbytes-dir reply --connbytes-mode avgpkt;-m connbytes ! --connbytes 20 --connbytes-mode avgpkt --connbytes-dir reply;! connbytes 20 connbytes mode avgpkt connbytes direction reply
4;-m connbytes ! --connbytes 0 --connbytes-dir reply --connbytes-mode avgpkt;-m connbytes ! --connbytes 0 --connbytes-mode avgpkt --connbytes-dir reply;! connbytes 0 connbytes mode avgpkt connbytes direction reply
4;-m connbytes ! --connbytes :20 --connbytes-dir reply --connbytes-mode avgpkt;-m connbytes ! --connbytes 0:20 --connbytes-mode avgpkt --connbytes-dir reply;! connbytes 0:20 connbytes mode avgpkt connbytes direction reply
4;-m connbytes --connbytes 0:0 --connbytes-dir reply --connbytes-mode avgpkt;-m connbytes --connbytes 0 --connbytes-mode avgpkt --connbytes-dir reply;connbytes 0 connbytes mode avgpkt connbytes direction reply
4;-m connbytes --connbytes 20:10 --connbytes-dir reply --connbytes-mode avgpkt;FAIL
4;-m connbytes --connbytes 18446744073709551615 --connbytes-dir reply --connbytes-mode avgpkt;-m connbytes --connbytes 18446744073709551615 --connbytes-mode avgpkt --connbytes-dir reply;connbytes 18446744073709551615 connbytes mode avgpkt connbytes direction reply
4;-m connbytes --connbytes 18446744073709551614:18446744073709551615 --connbytes-dir reply --connbytes-mode avgpkt;-m connbytes --connbytes 18446744073709551614 --connbytes-mode avgpkt --connbytes-dir reply;connbytes 18446744073709551614 connbytes mode avgpkt connbytes direction reply
4;-m connbytes --connbytes 18446744073709551616 --connbytes-dir reply --connbytes-mode avgpkt;FAIL
4;-m connbytes --connbytes 0x10:0x20 --connbytes-dir Reply --connbytes-mode avgpkt;FAIL
4;-m connbytes --connbytes 0x10:0x20 --connbytes-dir reply;FAIL
4;-m connbytes --connbytes-dir reply --connbytes-mode avgpkt;FAIL
4;-m helper --helper ftp;-m helper --helper ftp;helper match "ftp"
4;-m helper ! --helper 'ftp-2121';-m helper ! --helper ftp-2121;helper match ! "ftp-2121"
4;-m helper --helper 'Q.931';-m helper --helper "Q.931";helper match "Q.931"
4;-m helper --helper '';-m helper --helper "";helper match ""
4;-m helper --helper abcdefghijklmnopqrstuvwxyz0123456789;-m helper --helper abcdefghijklmnopqrstuvwxyz012;helper match "abcdefghijklmnopqrstuvwxyz012"
4;-m cluster --cluster-total-nodes 3 --cluster-local-node 1 --cluster-hash-seed 5;-m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 3 --cluster-hash-seed 0x00000005;cluster node_mask=0x00000001 total_nodes=3 hash_seed=0x00000005
4;-m cluster --cluster-total-nodes 3 ! --cluster-local-node 1 --cluster-hash-seed 5;-m cluster ! --cluster-local-nodemask 0x00000001 --cluster-total-nodes 3 --cluster-hash-seed 0x00000005;cluster !node_mask=0x00000001 total_nodes=3 hash_seed=0x00000005
4;-m cluster --cluster-total-nodes 3 ! --cluster-local-nodemask 5 --cluster-hash-seed 0x5;-m cluster ! --cluster-local-nodemask 0x00000005 --cluster-total-nodes 3 --cluster-hash-seed 0x00000005;cluster !node_mask=0x00000005 total_nodes=3 hash_seed=0x00000005
4;-m cluster --cluster-total-nodes 3 --cluster-local-nodemask 8 --cluster-hash-seed 0x5;FAIL
4;-m cluster --cluster-total-nodes 3 --cluster-local-node 4 --cluster-hash-seed 0x5;FAIL
4;-m cluster --cluster-total-nodes 32 --cluster-local-node 32 --cluster-hash-seed 0x5;-m cluster --cluster-local-nodemask 0x80000000 --cluster-total-nodes 32 --cluster-hash-seed 0x00000005;cluster node_mask=0x80000000 total_nodes=32 hash_seed=0x00000005
4;-m cluster --cluster-total-nodes 33 --cluster-local-node 32 --cluster-hash-seed 0x5;FAIL
4;-m cluster --cluster-total-nodes 3 --cluster-local-node 1 --cluster-local-nodemask 1 --cluster-hash-seed 0x5;FAIL
4;-m cluster --cluster-total-nodes 0 --cluster-local-node 1 --cluster-hash-seed 0x5;FAIL
4;-m cluster --cluster-total-nodes 2 --cluster-hash-seed 0x5;FAIL
4;-m cluster --cluster-total-nodes 2 --cluster-local-node 1;FAIL
4;-m connlabel --label 40;-m connlabel --label "40";connlabel 40
4;-m connlabel ! --label 127 --set;-m connlabel ! --label "127" --set;connlabel ! 127 set
4;-m connlabel --label 128;FAIL
4;-m connlabel --label 0x10;-m connlabel --label "16";connlabel 16
4;-m connlabel --label -1;FAIL
4;-m connlabel --label ' 5';-m connlabel --label "5";connlabel 5
4;-m connlabel --label +5;-m connlabel --label "5";connlabel 5
4;-m connlabel --label 4294967297;FAIL
4;-m connlabel --set;FAIL
4;-m connlabel --label '';FAIL
4;-m connlabel --label foo;FAIL
6;-m conntrack --ctorigsrc 2001:db8::1/64;-m conntrack --ctorigsrc 2001:db8::1/64;ctorigsrc 2001:db8::1/64
6;-m conntrack ! --ctorigdst 2001:db8::1/ffff::;-m conntrack ! --ctorigdst 2001:db8::1/16;! ctorigdst 2001:db8::1/16
6;-m conntrack --ctreplsrc ::/0 --ctrepldst ::1/128;-m conntrack --ctreplsrc ::/0 --ctrepldst ::1;ctreplsrc ::/0 ctrepldst ::1
6;-m conntrack --ctreplsrc 1.2.3.4;FAIL
6;-m conntrack --ctreplsrc 2001:db8::1/129;FAIL
6;-m state --state NEW;-m state --state NEW;state NEW
4;-j CONNMARK --set-mark 5;-j CONNMARK --set-xmark 0x5/0xffffffff;CONNMARK set 0x5
4;-j CONNMARK --set-mark 5/3;-j CONNMARK --set-xmark 0x5/0x7;CONNMARK xset 0x5/0x7
4;-j CONNMARK --set-xmark 5/3;-j CONNMARK --set-xmark 0x5/0x3;CONNMARK xset 0x5/0x3
4;-j CONNMARK --and-mark 5;-j CONNMARK --set-xmark 0x0/0xfffffffa;CONNMARK and 0x5
4;-j CONNMARK --or-mark 5;-j CONNMARK --set-xmark 0x5/0x5;CONNMARK or 0x5
4;-j CONNMARK --xor-mark 5;-j CONNMARK --set-xmark 0x5/0x0;CONNMARK xor 0x5
4;-j CONNMARK --set-mark 5 --mask 3;-j CONNMARK --set-xmark 0x5/0x3;CONNMARK xset 0x5/0x3
4;-j CONNMARK --mask 3 --set-mark 5;-j CONNMARK --set-xmark 0x5/0xffffffff;CONNMARK set 0x5
4;-j CONNMARK --set-xmark 1 --ctmask 7;-j CONNMARK --set-xmark 0x1/0x7;CONNMARK xset 0x1/0x7
4;-j CONNMARK --set-xmark 1 --nfmask 7;-j CONNMARK --set-xmark 0x1/0xffffffff;CONNMARK set 0x1
4;-j CONNMARK --save-mark;-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff;CONNMARK save
4;-j CONNMARK --save-mark --mask 0xff;-j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff;CONNMARK save mask 0xff
4;-j CONNMARK --save-mark --ctmask 0xff --nfmask 0xf;-j CONNMARK --save-mark --nfmask 0xf --ctmask 0xff;CONNMARK save nfmask 0xf ctmask ~0xff
4;-j CONNMARK --restore-mark;-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff;CONNMARK restore
4;-j CONNMARK --restore-mark --mask 0xff;-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff;CONNMARK restore mask 0xff
4;-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xf;-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xf;CONNMARK restore ctmask 0xf nfmask ~0xff
4;-j CONNMARK --restore-mark --mask 1 --ctmask 3;FAIL
4;-j CONNMARK --save-mark --restore-mark;FAIL
4;-j CONNMARK --set-mark 5 --left-shift-mark 3;-j CONNMARK --set-xmark 0x5/0xffffffff --left-shift-mark 3;CONNMARK set 0x5 left-shift-mark 3
4;-j CONNMARK --set-mark 5 --left-shift-mark 3 --right-shift-mark 2;-j CONNMARK --set-xmark 0x5/0xffffffff --right-shift-mark 2;CONNMARK set 0x5 right-shift-mark 2
4;-j CONNMARK --set-mark 5 --right-shift-mark 32;FAIL
4;-j CONNMARK --set-mark 5 --right-shift-mark 33;FAIL
4;-j CONNMARK --save-mark --right-shift-mark 8;-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff --right-shift-mark 8;CONNMARK save right-shift-mark 8
4;-j CONNMARK --restore-mark --left-shift-mark 0;-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff;CONNMARK restore
4;-j CONNMARK --left-shift-mark 1;FAIL
4;-j CONNMARK --mask 1;FAIL
4;-j CONNMARK --set-mark 5 --set-mark 6;FAIL
4;-j CONNMARK --set-mark 0x100000000;FAIL
4;-j CONNMARK --set-mark 5;-j CONNMARK --set-xmark 0x5/0xffffffff;CONNMARK set 0x5
*raw PREROUTING
4;-j CONNMARK --set-mark 5;-j CONNMARK --set-xmark 0x5/0xffffffff;CONNMARK set 0x5
4;-j NOTRACK;-j NOTRACK;NOTRACK
4;-j CT --notrack;-j CT --notrack;CT notrack
4;-p tcp -j CT;-p tcp -j CT;CT
4;-j CT --zone 0;-j CT;CT
4;-j CT --zone 5 --zone-orig 6;-j CT --zone-orig 6;CT zone-orig 6
4;-j CT --zone-orig 5 --zone-reply 6;-j CT --zone 6;CT zone 6
4;-j CT --zone mark --zone-orig 5;-j CT --zone-orig mark;CT zone-orig mark
4;-j CT --zone MARK;-j CT --zone mark;CT zone mark
4;-j CT --zone-reply 65535;-j CT --zone-reply 65535;CT zone-reply 65535
4;-j CT --zone 65536;FAIL
4;-j CT --zone 0x10;-j CT --zone 16;CT zone 16
4;-j CT --notrack --zone 3;-j CT --notrack --zone 3;CT notrack zone 3
4;-j CT --notrack --ctevents new;-j CT --notrack --ctevents new;CT notrack ctevents new
4;-j CT --ctevents destroy,new,natseqinfo;-j CT --ctevents new,destroy,natseqinfo;CT ctevents new,destroy,natseqinfo
4;-j CT --ctevents label;FAIL
4;-j CT --ctevents New;FAIL
4;-j CT --timeout foo;FAIL
4;-p udp -j CT --helper tftp;-p udp -j CT --helper tftp;CT helper tftp
4;-p tcp -j CT --helper irc;-p tcp -j CT --helper irc;CT helper irc
4;-p tcp -j CT --helper sip;-p tcp -j CT --helper sip;CT helper sip
4;-p udp -j CT --helper sip;-p udp -j CT --helper sip;CT helper sip
4;-p tcp -j CT --helper pptp;-p tcp -j CT --helper pptp;CT helper pptp
4;-p udp -j CT --helper amanda;-p udp -j CT --helper amanda;CT helper amanda
4;-p udp -j CT --helper netbios-ns;-p udp -j CT --helper netbios-ns;CT helper netbios-ns
4;-p udp -j CT --helper snmp;-p udp -j CT --helper snmp;CT helper snmp
4;-p udp -j CT --helper snmp_trap;FAIL
4;-p tcp -j CT --helper sane;-p tcp -j CT --helper sane;CT helper sane
4;-p udp -j CT --helper RAS;FAIL
4;-p tcp -j CT --helper Q.931;FAIL
4;-p udp -j CT --helper H.245;FAIL
4;-p tcp -j CT --helper H.245;FAIL
*mangle PREROUTING
4;-p tcp -j CT --zone 1;FAIL
4;-p tcp -j NOTRACK;FAIL
