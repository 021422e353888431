"""Whether an account is fit for senza: checks that only look, what they found, and what to do about it."""
