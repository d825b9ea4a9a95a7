"""The Catchwater laboratory: a small Internet made of network namespaces.

    from labnet.lab import Lab            # everything goes through this class
    from labnet.pathlab import PathLab    # or this: paths instead of routing

topology   who exists, where, with which addresses and delays      (pure)
pathmap    the same of the laboratory of paths, and what is true   (pure)
birdconf   configuration of every BIRD                             (pure)
dnsconf    configuration of the sites' DNS servers                 (pure)
dnsmsg     the one DNS question that the lab asks by itself        (pure)
users      as whom a command runs                                  (edge)
netns      namespaces, links, addresses                            (edge)
process    daemons and their pid files                             (edge)
birdctl    BIRD's control socket                                   (edge)
asker      sends that question from inside the nodes               (edge)
firewall   packet filter rules                                     (edge)
nftables   more of them, in nft's language                         (edge)
sniff      packets as they arrive at a node                        (edge)
delay      link delays, by netem or by a netfilter queue           (edge)
delayd     the process that holds queued packets                   (program)
oddhop     answers for a router, oddly                             (program)
injector   forges DNS answers                                      (program)
truth      the catchment as routing has it                         (edge)
faults     what is broken at the moment, kept on disk              (edge)
daemons    all BIRDs, all DNS servers                              (wiring)
events     what can be made to happen                              (wiring)
pathevents the same in the laboratory of paths                     (wiring)
base       up, down, exec: what laboratories have in common        (wiring)
lab        the Internet's routing: settle, check                   (wiring)
pathlab    the laboratory of paths                                 (wiring)
cli        the command line                                        (wiring)
"""
