"""SNMP: like NetBIOS, with more time."""
from cases.netbios_ns import ask, answer, cases

CASES = cases(161) + [('after five seconds', [ask(dport=161), 5, answer('10.0.0.2', 161, 500)])]
