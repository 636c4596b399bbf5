"""Beyond the people mentored: volunteers and others, mentors, team mates."""
