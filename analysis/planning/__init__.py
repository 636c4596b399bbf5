"""Planning: what a study could see, from what the company's past says of people like its own."""
