"""The inbox: open alerts, worked by keyboard."""
