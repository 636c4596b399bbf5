-- warn
-- links to a manager that lead back to the person; they have no manager in marts.reporting_lines
select person_no, valid_from
from marts.reporting_lines
where in_circle
