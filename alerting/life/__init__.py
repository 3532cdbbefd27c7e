"""What people do to alerts: the table of the life cycle, commands, deadlines."""
