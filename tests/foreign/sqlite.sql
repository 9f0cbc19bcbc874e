.bail on
create table person(id integer primary key, name text not null, age int check (age < 2000));
begin;
with recursive n(x) as (select 1 union all select x + 1 from n where x < 5000)
  insert into person select x, 'name' || (x * 7919 % 5003), x % 97 from n;
commit;
create index person_name on person(name);
create unique index person_both on person(name, id);
select count(*), sum(age), min(name), max(name), round(avg(age), 4) from person;
select id, name from person where name = 'name42';
begin; delete from person where id > 100; select count(*) from person; rollback; select count(*) from person;
savepoint outer_one; update person set age = 0; savepoint inner_one; delete from person; rollback to inner_one;
select sum(age), count(*) from person; rollback to outer_one; release outer_one; select sum(age) from person;
create table ages as select age, count(*) n from person group by age having n > 51;
select * from ages order by age limit 5;
update person set name = upper(name) where id % 2; select name from person order by id limit 3;
explain query plan select * from person where name = 'x';
pragma journal_mode = wal; insert into person values(9999, 'wal', 1); select * from person where id = 9999;
pragma wal_checkpoint; pragma integrity_check; pragma journal_mode = delete;
create view mean as select age, avg(id) m from person group by age; select round(m, 3) from mean where age = 5;
select json_extract('{"a":[1,2]}', '$.a[1]'), hex(zeroblob(4)), printf('%05d', 42), date(0, 'unixepoch');
create trigger fired after insert on ages begin update person set age = 1000 where id = 1; end;
insert into ages values(1, 2); select age from person where id = 1;
select name, age, rank() over (partition by age order by id) from person where id < 200 and age = 5;
create virtual table words using fts5(text); insert into words values('the quick fox'), ('a slow fox'), ('no match');
select text from words where words match 'fox' order by rank, text;
attach '/tmp/second.db' as second; create table second.z(x); insert into second.z select id from person;
select count(*), sum(x) from second.z join person on x = id where age between 10 and 20; detach second;
.mode csv
.headers on
select * from person where id in (3, 2, 1) order by 1 desc;
.mode list
.headers off
pragma mmap_size = 1048576; select count(*) from person where name like 'NAME1%';
create temp table scratch as select * from person order by random(); select count(distinct id) from scratch;
alter table ages add column extra default 'e'; select extra from ages limit 1; drop table scratch;
vacuum; select count(*) from sqlite_master; pragma page_count; select typeof(1 / 2), 1 / 2.0, 9223372036854775807 + 1;
.bail off
insert into person values(1, 'again', 1);
insert into person values(20000, 'old', 5000);
select * from nothing;
select changes(), total_changes() > 5000;
