-- Which tables are there, and what is a row of each?
show tables
