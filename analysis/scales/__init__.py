"""Studies of a survey scale: answers, who left, who did not answer, and what that can hide."""
