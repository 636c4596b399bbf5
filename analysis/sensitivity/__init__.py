"""How strong something unseen would have to be: figures that shape a sentence, never a grade."""
