"""What is told about a finding: sentences, timing, doses, paths, two runs side by side."""
