-- Indexes that pages ask for. First: what became of a device's messages, for the page that its engineer works with.

-- From when to when an intake is: its number rises with its arrival, but for readmissions.
CREATE INDEX intake_by_arrival ON intake (share, arrived, id) WHERE kind = 'readings';
CREATE INDEX ledger_refusing ON ledger (device, intake) WHERE rejected + unreadable > 0;
CREATE INDEX rejected_by_device ON rejected (device, intake DESC);
-- By the 统一社会信用代码 in the topic; cut, because an index takes no text that is too long, and anybody may send one.
CREATE INDEX rejected_unregistered ON rejected (left(split_part(topic, '/', 6), 18), intake DESC) WHERE device = 0;
CREATE INDEX device_sign_by_device ON device_sign (device, sign, intake DESC);
