"""From sums to judgements: what is no discovery, how sure an effect is, its grade, the proposed set."""
