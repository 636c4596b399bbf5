"""Ad hoc queries: statements that reach for files, settings or changes are refused unrun."""

from __future__ import annotations

import pytest

from pipelines.adhoc import gate
from pipelines.errors import Exit, UserError
from tests.unit.analyst_file import TABLES

HARMLESS_SQL = "from json_execute_serialized_sql(json_serialize_sql('select 1'))"
FILES = [
    "copy (select 'x') to '{db}' (use_tmp_file false)",
    "copy (select 'x') to '{db}'",
    "copy (select 'x'::blob) to '{db}.wal' (format blob)",
    "copy (select 1) to '{dir}/out.csv'",
    "copy marts.employees from '{dir}/secret.csv'",
    "export database '{dir}/export'",
    "import database '{dir}/export'",
    "attach '{db}' as again",
    "attach '{db}' as again (read_only)",
    "attach '{dir}/new.duckdb' as fresh",
    "create table stolen as from read_csv('{dir}/secret.csv')",
    "create secret s (type s3, key_id 'a', secret 'b')",
    "create persistent secret s (type http, bearer_token 'b')",
    "select * from read_blob('{db}')",
    "select * from read_text('{dir}/secret.csv')",
    "select * from \"read_text\"('{dir}/secret.csv')",
    "select * from \"READ_TEXT\"('{dir}/secret.csv')",
    "select * from main.read_text('{dir}/secret.csv')",
    "select * from system.main.read_text('{dir}/secret.csv')",
    "select * from read_csv('{dir}/secret.csv')",
    "select * from read_csv_auto('{dir}/*.csv')",
    "select * from read_json('{dir}/secret.csv')",
    "select * from read_json_auto('{dir}/secret.csv')",
    "select * from read_ndjson_objects('{dir}/secret.csv')",
    "select * from read_parquet('{dir}/secret.csv')",
    "select * from parquet_scan('{dir}/secret.csv')",
    "select * from parquet_metadata('{dir}/secret.csv')",
    "select * from read_duckdb('{db}', table_name := 'people')",
    "select * from sniff_csv('{dir}/secret.csv')",
    "select * from glob('{dir}/*')",
    "select * from '{dir}/secret.csv'",
    'from "{dir}/secret.csv"',
    "from '{db}'",
    "select (select content from read_text('{dir}/secret.csv'))",
    "select * from range(1), lateral (from read_text('{dir}/secret.csv'))",
    "with t as (from read_text('{dir}/secret.csv')) from t",
    "with t as materialized (from '{dir}/secret.csv') select 1 from t",
    "select 1 where exists (from glob('/etc/*'))",
    "select 1 order by (select count(*) from glob('/etc/*'))",
    "select 1 limit (select count(*) from glob('/etc/*'))",
    "select 1 union all select size from read_blob('{db}')",
    "describe select * from read_csv('{dir}/secret.csv')",
    "summarize from '{dir}/secret.csv'",
    "pivot '{dir}/secret.csv' on a in ('x') using count(*)",
    "from query('from read_text(''{dir}/secret.csv'')')",
    "from query_table('{dir}/secret.csv')",
    "from query_table(['marts.employees'])",
    HARMLESS_SQL,
    "from '/proc/self/environ'",
    "select * from read_text('/proc/self/environ')",
    "select * from read_csv('https://example.org/x.csv')",
]

SETTINGS = [
    "install httpfs",
    "force install httpfs from community",
    "load httpfs",
    "load '{dir}/evil.duckdb_extension'",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "set memory_limit = '100GB'",
    "set variable x = 1",
    "reset memory_limit",
    "pragma database_list",
    "pragma enable_profiling",
    "pragma show_tables",
    "use marts",
    "call pragma_version()",
    "checkpoint",
    "call force_checkpoint()",
    "detach source",
    "connect 'quack:localhost'",
    "select getenv('HOME')",
    "select current_setting('secret_directory')",
    "select getvariable('x')",
    "select $x",
    "select ?",
    "select sleep_ms(10)",
    "select pg_sleep(1)",
    "select nextval('s')",
    "select write_log('x')",
    "from duckdb_settings()",
    "from duckdb_secrets()",
    "from duckdb_databases()",
    "from pragma_database_size()",
    "from information_schema.tables",
    "from pg_catalog.pg_tables",
    "from sqlite_master",
    "from duckdb_tables",
    "show databases",
    "show all tables",
]

WRITES = [
    "",
    "-- nothing",
    "select 1; select 2",
    "select 1; copy (select 1) to '{db}'",
    "create table t as select 1",
    "create macro m() as table from read_text('{dir}/secret.csv')",
    "create or replace view v as select 1",
    "insert into marts.exits values (1, null)",
    "update marts.exits set person_no = 1",
    "delete from marts.exits",
    "truncate marts.exits",
    "drop schema marts cascade",
    "merge into marts.exits using marts.employees using (person_no) when matched then delete",
    "with w as (insert into marts.exits values (9, null) returning *) from w",
    "with w as (delete from marts.exits returning *) from w",
    "with w as (update marts.exits set person_no = 3 returning *) select 1",
    "begin",
    "explain analyze select 1",
    "prepare p as select 1",
    "execute p",
    "vacuum",
    "pivot marts.employees on department using count(*)",
    "from landed.people",
    "from analyst.landed.people",
    "from source.landed.people",
    "from employees",
    "select * from a as (select 1)",
    "with b as (from a), a as (select 1) from b",
    "select (with inside as (select 1) from inside), x from inside",
]

ATTACKS = FILES + SETTINGS + WRITES


@pytest.mark.parametrize("sql", ATTACKS)
def test_the_gate_refuses(sql: str) -> None:
    with pytest.raises(UserError) as caught:
        gate.admit(sql.format(db="/data/analyst.duckdb", dir="/data"), TABLES)
    assert caught.value.exit_code is Exit.REFUSED
    assert caught.value.problem and caught.value.fix
