"""The demo: the whole system on embedded services, with simulators and a page to look at."""
