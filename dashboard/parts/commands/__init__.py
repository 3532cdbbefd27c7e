"""What people may ask of alerts: buttons, forms, and what they are told of it."""
