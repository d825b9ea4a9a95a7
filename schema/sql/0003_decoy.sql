-- 0003_decoy.sql - the role 'decoy': an address that nobody has.
--
-- A decoy belongs to no service, like a control.  Only the table's CHECKs
-- change, nothing that is on disk: the text of its definition is edited in
-- place (sqlite.org/lang_altertable.html, section 7), since six tables refer
-- to it and a copy would have to be made of each.

PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(sql,
	'(''service'', ''unicast'', ''control'')',
	'(''service'', ''unicast'', ''control'', ''decoy'')'),
	'CHECK ((role = ''control'') = (service_id IS NULL))',
	'CHECK ((role IN (''control'', ''decoy'')) = (service_id IS NULL))')
WHERE type = 'table' AND name = 'target';
PRAGMA writable_schema = RESET;
