"""Scenarios that come with us, and the demo world that they play in.

The registry of that world is `demo.registry.yaml`; it must agree with these facts:

    enterprise A 91330106MA27XY001X, region 330106
        site warehouse-1
            coldroom-1   t1 h1 door power        every 1m, max_gap 5m
            coldroom-2   t1 h1 door power        every 1m, max_gap 5m
            scripted-1   s1 s2 s3 s4             every 1m, max_gap 5m
    enterprise B 91330203MA28XY002D, region 330203
        site clinic-1
            refrigerator-1   t1 door power       every 5m, max_gap 15m

    t1, s1 … s4  temperature, °C, resolution 0.1
    h1           humidity, %RH, resolution 1
    door         0 closed, 1 open
    power        0 off, 1 on

    rules                        level      severity  violates                    for   deadband
    gsp-cold-room                warning    minor     ≤ 2.5 or ≥ 7.5 (inclusive)  0s    0.2
      (t1 of cold rooms, s1…s4)  excursion  major     < 2.0 or > 8.0 (exclusive)  10m   0.5
    gsp-humidity (h1)            excursion  minor     < 35 or > 75 (exclusive)    10m   2
    who-refrigerator-heat  (t1)  heat       critical  > 8.0 (exclusive)           600m  0.5
    who-refrigerator-freeze (t1) freeze     critical  ≤ -0.5 (inclusive)          60m   0.5

The registry must be valid from before 2026-01-01, so that scenarios of any season can be
played.
"""
