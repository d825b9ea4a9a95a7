"""Benchmarks of the programs, each beside its peers in the same run.

cli              the command line                                  (wiring)
figure           one line of the report, and the report              (pure)
world            the network of the probe's benchmarks               (edge)
runner           runs a command and tells what it cost               (edge)
tools            command lines of our prober and of its peers      (wiring)
probe_packets    what a packet costs: P1, P2, P3, P8               (wiring)
collector        what the collector takes in                       (wiring)
"""
