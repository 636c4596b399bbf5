-- How often does the method claim an effect of programmes that did not exist?
-- Empty unless the project asks for it with `calibrate`. About 0.05 is chance.
select
    study,
    kind,
    programmes,
    claimed,
    claimed_low,
    claimed_high,
    covered,
    naive as claimed_by_the_raw_comparison,
    reason
from results.calibration
order by study, kind
