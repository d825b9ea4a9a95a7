"""The Catchwater laboratory: a small Internet made of network namespaces.

    from labnet.lab import Lab      # everything goes through this class

topology   who exists, where, with which addresses and delays      (pure)
birdconf   configuration of every BIRD                             (pure)
dnsconf    configuration of the sites' DNS servers                 (pure)
dnsmsg     the one DNS question that the lab asks by itself        (pure)
users      as whom a command runs                                  (edge)
netns      namespaces, links, addresses                            (edge)
process    daemons and their pid files                             (edge)
birdctl    BIRD's control socket                                   (edge)
asker      sends that question from inside the nodes               (edge)
firewall   packet filter rules                                     (edge)
delay      link delays, by netem or by a netfilter queue           (edge)
delayd     the process that holds queued packets                   (program)
truth      the catchment as routing has it                         (edge)
faults     what is broken at the moment, kept on disk              (edge)
daemons    all BIRDs, all DNS servers                              (wiring)
events     what can be made to happen                              (wiring)
lab        up, down, settle, check                                 (wiring)
cli        the command line                                        (wiring)
"""
