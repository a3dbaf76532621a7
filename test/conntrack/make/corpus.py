"""Captures of the corpus through the router, each packet into eth0: test/conntrack/linux/corpus.jsonl.gz.

A record holds no packets: the capture's path, the digest of the frames that were made of it, and what was seen of each.
The frames are made anew by test/conntrack/corpus.ts, in the same way: the IP packet of every record in a link type
below, bytes beyond the snap length as zeros, behind an Ethernet header to eth0.
"""
import gzip, hashlib, json, os, re, struct, sys, time
import record, router as router_module
from router import PEER_MAC, MACS, Router

CORPUS = os.path.normpath(f"{record.HERE}/../../../../shared/corpus/pcap")
MOST_PACKETS, LEAST_PACKETS = 1000, 2
ETHERNET, RAW, SLL, SLL2, NULL = (1,), (12, 101, 228, 229), (113,), (276,), (0, 108)
TAGS = (b"\x81\0", b"\x88\xa8", b"\x91\0")
KINDS = (b"\x08\0", b"\x86\xdd")
HEADER = bytes.fromhex((MACS[0] + PEER_MAC).replace(":", ""))


def read(data):
    """(link type, bytes, original length, time in seconds) of each packet; ends at the first thing that cannot be."""
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:4] == b"\n\r\r\n":
        yield from read_pcapng(data)
        return
    for order in "<>":
        magic = struct.unpack(order + "I", data[:4])[0]
        size = {0xA1B2C3D4: 16, 0xA1B23C4D: 16, 0xA1B2CD34: 24}.get(magic)
        if size is None or len(data) < 24:
            continue
        link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
        at = 24
        while at + size <= len(data):
            seconds, part, captured, original = struct.unpack_from(order + "4I", data, at)
            at += size
            if captured > 262144 or at + captured > len(data):
                return
            yield link, data[at:at + captured], original, seconds + part / (1e9 if magic == 0xA1B23C4D else 1e6)
            at += captured
        return


def read_pcapng(data):
    order, links, at = "<", [], 0
    while at + 12 <= len(data):
        if data[at:at + 4] == b"\n\r\r\n":
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            links = []
        kind, length = struct.unpack_from(order + "2I", data, at)
        if length < 12 or at + length > len(data):
            return
        if kind == 1:
            links.append(struct.unpack_from(order + "H", data, at + 8)[0])
        elif kind == 6:
            which, high, low, captured, original = struct.unpack_from(order + "5I", data, at + 8)
            if which >= len(links) or at + 28 + captured > at + length - 4:
                return
            yield links[which], data[at + 28:at + 28 + captured], original, (high << 32 | low) / 1e6
        elif kind == 3 and links:
            original = struct.unpack_from(order + "I", data, at + 8)[0]
            yield links[0], data[at + 12:at + 12 + min(original, length - 16)], original, 0
        at += length


def frame(link, data, original):
    """What is sent for a packet; None for what is not IP, or too long."""
    if link in ETHERNET:
        at = 12
        while data[at:at + 2] in TAGS:
            at += 4
        kind, at = data[at:at + 2], at + 2
    elif link in SLL:
        kind, at = data[14:16], 16
    elif link in SLL2:
        kind, at = data[:2], 20
    elif link in RAW or link in NULL:
        at = 0 if link in RAW else 4
        kind = {4: KINDS[0], 6: KINDS[1]}.get(data[at] >> 4) if len(data) > at else None
    else:
        return None
    if kind not in KINDS or len(data) <= at or original - at > 65535:
        return None
    return HEADER + kind + data[at:] + bytes(max(0, original - len(data)))


def is_fragment(sent):
    if sent[12:14] == KINDS[0]:
        return bool(int.from_bytes(sent[20:22], "big") & 0x3FFF)
    return b"\x2c" in (sent[20:21], sent[54:55]) or sent[20] in (0, 43, 60)


def observe(router, frames, sysctls, rules):
    """Sends a capture; returns the record without the capture's own facts."""
    done = record.record(router, {"name": "", "sysctls": sysctls, "packets": [[0, 0, "!" + one.hex()] for one in frames], "expect": True, **rules})
    codes, order = {}, []
    for line in done["packets"]:
        _, _, _, seen, out, events, entry, reason = line.split(" ")
        facts = entry.split(",")
        if len(facts) > 1:
            facts[1] = ""  # its time is the table's business
        token = f"{seen} {out} {events} {','.join(facts)} {reason}"
        order.append(codes.setdefault(token, len(codes)))
    letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    wide = len(codes) > len(letters)
    if len(codes) > len(letters) ** 2:
        return None
    code = lambda number: letters[number // 62] + letters[number % 62] if wide else letters[number]
    return {"codes": list(codes), "seen": "".join(map(code, order)), "reasons": done["reasons"], "tableUs": done["tableUs"], "table": done["table"],
            "counts4": done["counts4"], "counts6": done["counts6"], **({"expect": done["expect"]} if done["expect"] else {})}, done


HELPED = re.compile(r"ftp|irc|sip|pptp|amanda|sane", re.I)


def helper_rules():
    import helper
    first = next(helper.scenarios())
    return {key: first[key] for key in ("rules4", "rules6")}


def main():
    rows = [line.rstrip("\n").split("\t") for line in open(f"{CORPUS}/MANIFEST.tsv")]
    files = [dict(zip(rows[0], row)) for row in rows[1:]]
    chosen = [one for one in files if LEAST_PACKETS <= int(one["packets"]) <= MOST_PACKETS]
    chosen.sort(key=lambda one: one["file"])
    helped = helper_rules()
    records, router = [], None
    def fresh():
        nonlocal router
        if router is not None:
            router.__exit__()
        router = Router("corpus", 0.0005)
        router.__enter__()
    fresh()
    record.write_host(router, "host-corpus")
    saved = {}
    try:
        for one in chosen:
            path = one["file"].removeprefix("pcap/")
            packets = list(read(open(f"{CORPUS}/{path}", "rb").read()))
            sent = [made for made in (frame(link, data, original) for link, data, original, _ in packets) if made is not None]
            if len(sent) < LEAST_PACKETS:
                continue
            times = [seconds for *_, seconds in packets]
            facts = {"capture": path, "framesSha256": hashlib.sha256(b"".join(sent)).hexdigest(),
                     "spanSeconds": round(max(times) - min(times), 3)}
            results = []
            for rules in ("rules", "helpers") if HELPED.search(path) else ("rules",):
                for checksum in (0, 1):
                    if any(map(is_fragment, sent)):
                        fresh()
                    got = observe(router, sent, {"net.netfilter.nf_conntrack_checksum": str(checksum)}, helped if rules == "helpers" else {})
                    if got is None or got[0]["tableUs"] > 1_500_000:
                        print("left out:", path, "too many codes" if got is None else got[0]["tableUs"], file=sys.stderr)
                        break
                    result, done = got
                    if rules == "helpers":
                        saved.update({"rules4": done["rules4"], "rules6": done["rules6"]})
                    comparable = [result["codes"], result["seen"], result["counts4"], result["counts6"]]
                    if any(comparable == other for _, other in results):
                        continue  # as without verification, or as without helpers
                    results.append(({**facts, "rules": rules, "checksum": checksum, **result}, comparable))
            records += [result for result, _ in results]
    finally:
        if router is not None:
            router.__exit__()
    text = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in records)
    with gzip.GzipFile(f"{record.HERE}/../linux/corpus.jsonl.gz", "wb", 9, mtime=0) as file:
        file.write(text.encode())
    with open(f"{record.HERE}/../linux/rules-helpers.json", "w") as file:
        json.dump(saved, file, indent=1)
        file.write("\n")
    print(len(records), "records of", len({one["capture"] for one in records}), "captures,", sum(len(one["seen"]) // (2 if len(one["codes"]) > 62 else 1) for one in records), "packets,", len(text), "bytes of text", file=sys.stderr)
