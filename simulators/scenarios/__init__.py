"""Scenarios that come with us, and the demo world that they play in.

The registry of that world is `demo.registry.yaml`; it must agree with these facts:

    enterprise A 91330106MA27XY001X, region 330106
        site warehouse-1
            coldroom-1   t1 h1 door power        every 1m, max_gap 5m
            coldroom-2   t1 h1 door power        every 1m, max_gap 5m
        site vehicle-1
            lorry-1      t1 t2 door power        every 1m, max_gap 5m, loaded
        site vehicle-2
            lorry-2      t1 t2 door power        every 1m, max_gap 5m, empty
    enterprise B 91330203MA28XY002D, region 330203
        site clinic-1
            refrigerator-1   t1 door power       every 5m, max_gap 15m
    enterprise C 91330604MA29XY0036, region 330604
        site plant-1
            steriliser-1     temperature pressure    every 10s, max_gap 1m
    enterprise D 91331102MA2AXY004H, region 331102, for tests
        site bench-1
            scripted-1   s1 s2 s3 s4             every 1m, max_gap 5m, as all of these:
            scripted-late      l1 l2 l3
            scripted-conflict  c1 c2
            scripted-kinds     r1 f1 u1 q1 w1 w2 n1
            scripted-gap       g1 g2
            scripted-clock     k1
            scripted-offline   o1

    t1, t2, s, l, c, g, k, o   temperature, °C, resolution 0.1
    points of scripted-kinds   temperature, °C, resolution 0.01
    temperature, pressure      °C and kPa, resolution 0.1
    h1           humidity, %RH, resolution 1
    door         0 closed, 1 open
    power        0 off, 1 on

    rules                        level      severity  violates                    for   deadband
    gsp-cold-room                warning    minor     ≤ 2.5 or ≥ 7.5 (inclusive)  0s    0.2
      (t1 of cold rooms, s l c   excursion  major     < 2.0 or > 8.0 (exclusive)  10m   0.5
       k o; of lorries, for 30m)
    gsp-humidity (h1)            excursion  minor     < 35 or > 75 (exclusive)    10m   2
    who-refrigerator-heat  (t1)  heat       critical  > 8.0 (exclusive)           600m  0.5
    who-refrigerator-freeze (t1) freeze     critical  ≤ -0.5 (inclusive)          60m   0.5
    temperature-trend (r1 f1 u1) drift      minor     ≥ 0.5 or ≤ -0.5 °C/h over   10m   0.2
                                                      1h, with 10 readings, p 0.01, that
                                                      reaches 8.0 or 2.0 within 2h
    temperature-rate (q1)        fast       minor     > 12 or < -12 °C/h over 10m 0s    2
    shipping-cumulative (w1)     warm       major     1h at ≥ 10.0 within 24h; of w2, 20m
                                                      within 1h
    sensor-no-value              absent     minor     no value                    15m
      (n1, lorries, steriliser)
    records-storage (l g k o)    missing    minor     > 31m without a record, settled for 5m
                      missing-out-of-limits major     > 3m when < 2.0 or > 8.0, settled for 5m
    records-transport (lorries)  missing    minor     > 6m without a record, settled for 5m
    device-silent                silent     major     5 intervals, at least 15m (lorries 30m)
      (all but most scripted devices: scripted-gap, scripted-offline)

A timeline knows dates, a scenario only offsets: what is loaded or empty is so all the time.
The registry must be valid from before 2026-01-01, so that scenarios of any season can be
played.
"""
