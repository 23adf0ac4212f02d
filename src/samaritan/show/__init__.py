"""What the verbs print for a person: tables on the terminal, plain text where there is none."""
