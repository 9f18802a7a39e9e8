"""What is learned from talks with customers: concessions, trades, reasons, approvals."""
