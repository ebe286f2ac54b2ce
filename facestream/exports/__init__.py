"""What was found, as files for others: tables, captions, clips, reports."""
