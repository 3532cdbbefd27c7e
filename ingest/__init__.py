"""From the broker to one transaction: topics, codecs, batching, session, loop."""
