"""From readings to excursions, and from these to alerts that follow them."""
