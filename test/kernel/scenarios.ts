// Every comparison, by name.

import { corpusIsThere, corpusScenario, drawnScenario } from './corpus.ts';
import { randomFrames, randomRules } from './generate.ts';
import { LENIENT, ROUTER, SERVER, STRICT } from './hosts.ts';
import type { HostSpec } from './namespace.ts';
import { oddFrames } from './odd.ts';
import type { Scenario } from './scenario.ts';
import { trackedScenarios } from './tracked.ts';

/** Captures of the corpus and whether their busiest address is the host, or a router stands between their ends. */
const CAPTURES: readonly (readonly ['end' | 'router', string])[] = [
  ['end', 'chrissanders/http_espn.pcapng'],
  ['router', 'ndpi/default__pcap__rtp.pcapng'],
  ['end', 'alienvault-demo/cnc3.pcap'],
  ['router', 'kholia-routing/captures__OSPFv2_MD5_authentication.pcap'],
  ['end', 'hoangpc/session.pcap'],
  ['router', 'zeek/modbus__fuzz-72.pcap'],
  ['end', 'snort3-demo/ips_options__priority__smtp-lorem.pcap'],
  ['end', 'kdd99-spark/test.pcap'],
  ['router', 'ndpi/default__pcap__smtp-starttls.pcap'],
  ['end', 'kholia-routing/EIGRP__eigrp-for-ipv6-auth.pcap'],
  ['end', 'wireshark/docbook__examples__test.cap'],
  ['router', 'nfstream/pcaps__mdns.pcap'],
  ['end', 'mercury/unit_tests__pcaps__http_rawip.pcap'],
  ['end', 'suricata-verify/tcp-empty-sack__tcp-opt.pcap'],
  ['router', 'ndpi/default__pcap__telegram_videocall.pcapng'],
  ['end', 'ndpi/default__pcap__anyconnect-vpn.pcap'],
  ['router', 'ndpi/default__pcap__dns_fragmented.pcap'],
  ['router', 'arkime/pcap__socks5-http-302-frag.pcap'],
  ['end', 'zeek/tunnels__gtp__gtp1_gn_normal_incl_fragmentation.pcap'],
  ['end', 'arkime/pcap__v6.pcap'],
  ['router', 'ndpi/default__pcap__stun.pcap'],
  ['router', 'suricata-verify/output-eve-ftp-data__input.pcap'],
  ['end', 'suricata-verify/ipv6-evasion__ipv6-rsmurf__rsmurf6.pcap'],
  ['router', 'suricata-verify/ipv6-evasion__ipv6-covert-dstopts__covert_send6.pcap'],
  ['end', 'elcabezzonn/wmi_exec_2.pcap'],
  ['router', 'ndpi/default__pcap__fuzz-2020-02-16-11740.pcap'],
  ['end', 'zeek/tcp__reassembly.pcap'],
  ['router', 'ndpi/default__pcap__syslog.pcap'],
  ['router', 'zeek/erspan.pcap'],
  ['end', 'zeek/ipv6-reassembly-state-leak.pcap'],
  ['end', 'ndpi/default__pcap__zoom.pcap'],
  ['router', 'snabb/src__apps__intel_mp__broadcast.pcap'],
  ['end', 'ndpi/default__pcap__KakaoTalk_chat.pcap'],
  ['router', 'arkime/pcap__tcpseq_synthetic.pcap'],
  ['router', 'arkime/pcap__ospf.pcap'],
  ['end', 'ipfixprobe/functional__inputs__mixed.pcap'],
  ['router', 'tcpreplay/test.pcap'],
  ['end', 'chrissanders/activeosfingerprinting.pcapng'],
  ['router', 'arkime/pcap__diameter_synthetic.pcap'],
  ['router', 'ntopng-fuzz/fuzz__corpus__fuzz_dissect_packet__QinQpacket.pcap'],
  ['end', 'ndpi/default__pcap__thrift.pcap'],
  ['router', 'zeek/cisco-fabric-path.pcap'],
];

/** Rule files of the corpus that both back ends of iptables 1.8.9 load without the rules that are not modelled. */
const RULES_IPV4: readonly string[] = [
  'host/diekmann__net-network__configs_medium-sized-company__iptables-save.iptables_mainfw_31.01.2016',
  'shorewall/diekmann__net-network__configs_sqrl_shorewall__2014_sep_iptables-saveakachan',
  'host/lkrms__lk-settings__server__iptables__iptables.rules',
  'host/diekmann__net-network__configs_psa__team_a__iptables-save.2016-01-27',
  'host/sboily__incrediblepbx-firewall__etc__iptables__rules.v4',
  'openwrt/donwiktorb__iptables-rules-brp__rules.v4',
  'fail2ban/ciscosrapps__jalapeno_configs__etc__iptables__rules.v4',
  'openwrt/diekmann__net-network__found_online__in-bad-schmiedeberg.de__iptables-save.txt',
  'host/diekmann__net-network__found_online__sargon__iptables-save.txt',
  'shorewall/diekmann__net-network__configs_sqrl_shorewall__2015_aug_iptables-save',
  'host/diekmann__net-network__configs_serverfault__769294.txt',
  'shorewall/diekmann__net-network__configs_sqrl_shorewall__2015_aug_iptables-save-spoofing-protection',
  'ufw/diekmann__net-network__config_vsrv__iptables-save.txt',
  'host/diekmann__net-network__configs_ugent__iptables-save.v1.4.21',
  'openwrt/diekmann__net-network__found_online__sourceforge.net_fwbuilder__iptables.conf',
  'host/diekmann__net-network__config_internal_office_fw__iptables-save.anonymized',
  'openwrt/secgroup__fws__examples__real-world__ticket_openwrt__iptables-save-AA.txt',
  'openstack/trung24012001__iptables-debugger__backend__iptables__ruleset__16ba1e2a.iptables',
  'fail2ban/diekmann__net-network__found_online__lafibre.info__iptable-save.txt',
  'docker/devskale__scripts__iptables_backup.txt',
  'host/vincentlqq__888__iptables.up.rules',
  'host/diekmann__net-network__configs_synology_diskstation_ds414__iptables-save_jul_2016',
  'host/diekmann__net-network__configs_psa__team_a__psa1_iptables-save.2015-11-14',
  'kubernetes/projectcalico__calico__felix__fv__iptables-dump.txt',
  'docker/diekmann__net-network__configs_corny_docker__dfwfw__dockermynet.dfwfw',
  'docker/diekmann__net-network__configs_corny_docker__iptables-save.topos4.1',
];

const RULES_IPV6: readonly string[] = [
  'host/lkrms__lk-settings__server__iptables__ip6tables.rules',
  'ufw/4ndr0666__dotfiles__etc__ufw__before6.rules',
  'ufw/jwwilson-anyday__digitalocean__etc__ufw__before6.rules',
  'host/tomas-bara__iptables__rules.v6',
  'host/diekmann__net-network__configs_synology_diskstation_ds414__ip6tables-save_jul_2016',
  'host/PvJScorebot__Scorebot-Sysconfig__etc__iptables__ip6tables.rules',
  'host/jtkristoff__iptables__ip6tables.rules',
  'host/lkrms__lk-settings__desktop__iptables__ip6tables.rules',
  'host/diekmann__net-network__configs_ipv6_server__nat64-router-userspace',
  'host/yardenac__proterozoic__usr__share__ppz__default__ip6tables.rules',
  'host/diekmann__net-network__configs_ipv6_server__mailserver',
  'host/allequalit__coludflareipalllow__rules.v6',
  'host/ffulm__server-config__etc__iptables__rules.v6',
];

/** Malformed, forbidden and rare frames. */
function odd(): Scenario[] {
  const hosts = [SERVER, ROUTER, STRICT, LENIENT];
  return Array.from({ length: 8 }, (_, index) => {
    const seed = 9000 + index;
    const host = hosts[index % hosts.length] as HostSpec;
    return {
      name: `odd-${index + 1}`,
      host,
      rules: {
        ipv4: randomRules(seed, host, 'ipv4', 10),
        ipv6: randomRules(seed + 1000, host, 'ipv6', 10),
      },
      capture: { kind: 'frames', frames: oddFrames(seed, host, 300) },
    };
  });
}

function random(): Scenario[] {
  return Array.from({ length: 24 }, (_, index) => {
    const seed = index + 1;
    const host = index % 2 === 0 ? SERVER : ROUTER;
    return {
      name: `random-${seed}`,
      host,
      rules: {
        ipv4: randomRules(seed, host, 'ipv4', 12),
        ipv6: randomRules(seed + 1000, host, 'ipv6', 12),
      },
      capture: { kind: 'frames', frames: randomFrames(seed, host, ['ipv4', 'ipv6'], 300) },
    };
  });
}

/** Those of the corpus; none where it is absent. */
export function corpusScenarios(): Scenario[] {
  if (!corpusIsThere()) return [];
  const pairs = CAPTURES.map(([role, path], index) =>
    corpusScenario(`corpus-${index + 1}`, role, path, [
      RULES_IPV4[index % RULES_IPV4.length] as string,
      RULES_IPV6[index % RULES_IPV6.length] as string,
    ]),
  );
  const drawn = [...RULES_IPV4, ...RULES_IPV6].map((path, index) =>
    drawnScenario(`drawn-${index + 1}`, 5000 + index, path, 400),
  );
  return [...pairs, ...drawn];
}

/** All comparisons; those of the corpus only where it is. */
export function scenarios(): Scenario[] {
  return [...random(), ...odd(), ...trackedScenarios(), ...corpusScenarios()];
}
