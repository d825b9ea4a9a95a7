"""Packet filter rules in a namespace.                                 (edge)

Tables are replaced as a whole, in one step of the kernel, so nothing passes
half-made rules and nothing has to be remembered to undo them.
"""

from . import netns

RESTORE = {4: "iptables-nft-restore", 6: "ip6tables-nft-restore"}
CHAINS = {"raw": ("PREROUTING", "OUTPUT"),
          "filter": ("INPUT", "FORWARD", "OUTPUT"),
          "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")}


def replace(namespace, family, table, rules):
    """Puts exactly these rules (as for iptables, with `-A`) in a table."""
    lines = [f"*{table}", *(f":{chain} ACCEPT" for chain in CHAINS[table]),
             *rules, "COMMIT", ""]
    netns.run(netns.prefix_command(namespace) + [RESTORE[family]],
              "\n".join(lines))
