"""Tables that are too large to wait for, written as files in the background for whoever asked."""
