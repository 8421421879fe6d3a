"""What everything stands on: errors, events, signatures, text. Imports nothing else of flowdeco."""
