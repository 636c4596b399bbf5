-- What do the columns of the estimates mean? Write another table after `describe` for its own.
describe results.estimates
