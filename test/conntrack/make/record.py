"""Records what Linux's connection tracking makes of scenarios: test/conntrack/linux/NAME.jsonl.

Usage: python3 test/conntrack/make/record.py host|tcp|protocol|fragment|packetdrill|helper|corpus ...
       python3 test/conntrack/make/record.py - < scenarios.jsonl > records.jsonl
Needs root, iproute2, nft, iptables-legacy, conntrack; works in network namespaces of its own, which it deletes.
The format of a record stands in test/conntrack/records.ts.
"""
import importlib, json, os, re, subprocess, sys, time
from router import LOG, Router, ethernet, run

HERE = os.path.dirname(os.path.abspath(__file__))
STATES = ("NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED")
STATUSES = ("NONE", "EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED")


def counting_rules(raw="", mangle=""):
    """A rule set that counts every ctstate and ctstatus in mangle PREROUTING and FORWARD."""
    lines = []
    if raw:
        lines += ["*raw", ":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", *raw.strip().splitlines(), "COMMIT"]
    lines += ["*mangle"] + [f":{chain} ACCEPT [0:0]" for chain in ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")]
    for chain in ("PREROUTING", "FORWARD"):
        lines += [f"-A {chain} -m conntrack --ctstate {one}" for one in STATES]
        lines += [f"-A {chain} -m conntrack --ctstatus {one}" for one in STATUSES]
        lines += [f"-A {chain} -m conntrack --ctdir {one}" for one in ("ORIGINAL", "REPLY")]
    lines += mangle.strip().splitlines() + ["COMMIT", ""]
    return "\n".join(lines)


def restore(router, scenario):
    for program, key in (("iptables", "rules4"), ("ip6tables", "rules6")):
        text = scenario.get(key) or counting_rules()
        # Tables that this scenario does not name are emptied: all of them are, for none may keep old rules.
        empty = "".join(f"*{table}\nCOMMIT\n" for table in ("raw", "filter") if f"*{table}" not in text)
        subprocess.run(["ip", "netns", "exec", router.host, program + "-legacy-restore"], input=empty + text, text=True, check=True)


def counters(router, program, text):
    """iptables-save of the tables that the rules name, with counters of 0, and the counters in the order of the text."""
    saved = router.inside(program + "-legacy-save", "-c")
    kept = [part for part in re.findall(r"^\*.*?^COMMIT$", saved, re.M | re.S) if re.match(r"\*\S+", part).group() in text]
    joined = "\n".join(kept) + "\n"
    counts = re.findall(r"^\[\d+:\d+\] |\[\d+:\d+\]$", joined, re.M)
    without = re.sub(r"^\[\d+:\d+\] ", "", re.sub(r" \[\d+:\d+\]$", " [0:0]", joined, flags=re.M), flags=re.M)
    return without, " ".join("0" if one == "[0:0]" else one[1:-1] for one in map(str.strip, counts))


def record(router, scenario):
    defaults = {}
    for key, value in scenario.get("sysctls", {}).items():
        defaults[key] = router.inside("sysctl", "-n", key).strip()
        router.inside("sysctl", "-qw", f"{key}={value}")
    if "mtu" in scenario:
        router.inside("ip", "link", "set", "eth1", "mtu", str(scenario["mtu"]))
    restore(router, scenario)
    subprocess.run(["ip", "netns", "exec", router.host, "conntrack", "-F"], capture_output=True)
    watcher = None
    if scenario.get("watch"):
        watcher = subprocess.Popen(["ip", "netns", "exec", router.host, "stdbuf", "-oL", "conntrack", "-E", "-o", "extended"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        time.sleep(0.2)
    router.settle()
    lines, reasons, start, before = [], {}, time.monotonic_ns(), 0
    zone = scenario.get("lookupZone", 0)
    for delay_s, side, packet in scenario["packets"]:
        if delay_s:
            time.sleep(delay_s)
        whole = isinstance(packet, str)
        data = bytes.fromhex(packet.lstrip("!")) if whole else packet
        frame = data if whole and packet.startswith("!") else ethernet(data, side)
        now = (time.monotonic_ns() - start) // 1000
        router.ends[side].send(frame)
        letters, seen = router.observe()
        out = len(router.forwarded())
        after = router.entry(seen, zone) if letters != "-" else ""
        reason = router.reason()
        known = str(reasons.setdefault(reason, len(reasons))) if reason else "-"
        lines.append(line(now - before, side, frame, letters, out, router.events.letters(), after, known))
        before = now
    table_us = (time.monotonic_ns() - start) // 1000
    table = router.table()
    done = {
        "name": scenario["name"],
        **{key: scenario[key] for key in ("about", "seed", "sysctls", "mtu") if key in scenario},
        "packets": lines,
        "reasons": list(reasons),
        "tableUs": table_us,
        "table": table,
    }
    for program, key in (("iptables", "rules4"), ("ip6tables", "rules6")):
        rules, done["counts" + key[-1]] = counters(router, program, scenario.get(key) or counting_rules())
        if key in scenario:
            done[key] = rules
        else:
            done.setdefault("usual", {})[key] = rules
    if scenario.get("expect"):
        done["expect"] = [line for family in ("ipv4", "ipv6")
                          for line in router.inside("conntrack", "-L", "expect", "-f", family).splitlines()]
    if watcher is not None:
        time.sleep(0.1)
        watcher.terminate()
        done["events"] = watcher.stdout.read().splitlines()
    for key, value in reversed(defaults.items()):
        router.inside("sysctl", "-qw", f"{key}={value}")
    if "mtu" in scenario:
        router.inside("ip", "link", "set", "eth1", "mtu", "65535")
    return done


def line(delta_us, side, frame, letters, out, events, after, reason):
    """A packet in text; the Ethernet header that every frame has is left out, as are zeros that end the packet."""
    packet = frame[14:]
    six = bool(packet) and packet[0] >> 4 == 6
    length = int.from_bytes(packet[4:6], "big") + 40 if six else int.from_bytes(packet[2:4], "big")
    plain = len(packet) >= (40 if six else 20) and frame == ethernet(packet, side) and length == len(packet)
    if plain:
        text = packet[:40 if six else 20].hex() + packet[40 if six else 20:].rstrip(b"\0").hex()
    else:
        text = "!" + frame.hex()
    return " ".join([str(delta_us), str(side), text, letters, str(out), events or "-", after or "-", reason])


def host(router):
    keep = re.compile(r"ip_forward |\.(forwarding|rp_filter|accept_local|route_localnet|accept_source_route|bc_forwarding|"
                      r"src_valid_mark|drop_unicast_in_l2_multicast|disable_ipv6|force_forwarding|mtu) |nf_conntrack|frag")
    sysctls = router.inside("sysctl", "-a", "-r", "net.(ipv[46].(conf|ip_forward|ip6?frag)|netfilter.nf_conntrack)")
    noise = re.compile(r"nf_conntrack_(buckets|count|max|expect_max)|\.default\.|mtu_expires")
    return {
        "addr.json": router.inside("ip", "-json", "-details", "address"),
        "route.json": router.inside("ip", "-json", "-4", "route", "show", "table", "all"),
        "route6.json": router.inside("ip", "-json", "-6", "route", "show", "table", "all"),
        "maddr.json": router.inside("ip", "-json", "maddress"),
        "rule.json": router.inside("ip", "-json", "rule"),
        "rule6.json": router.inside("ip", "-json", "-6", "rule"),
        "sysctl.txt": "\n".join(one for one in sysctls.splitlines() if keep.search(one) and not noise.search(one)) + "\n",
    }


def write_host(router, name):
    with open(f"{HERE}/../linux/{name}.json", "w") as file:
        json.dump(host(router), file, indent=1)
        file.write("\n")


def main():
    for name in sys.argv[1:]:
        usual = {}
        if name == "corpus":
            importlib.import_module(name).main()
            continue
        with Router() as router:
            if name == "host":
                write_host(router, "host")
                continue
            if name == "-":
                scenarios = map(json.loads, sys.stdin)
                out = sys.stdout
            else:
                scenarios = importlib.import_module(name).scenarios()
                out = open(f"{HERE}/../linux/{name}.jsonl", "w")
            for scenario in scenarios:
                done = record(router, scenario)
                usual.update(done.pop("usual", {}))
                print(json.dumps(done, separators=(",", ":")), file=out, flush=True)
        if usual and name != "-":
            with open(f"{HERE}/../linux/rules.json", "w") as file:
                json.dump(usual, file, indent=1)
                file.write("\n")


if __name__ == "__main__":
    main()
