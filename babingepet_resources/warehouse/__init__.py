"""The warehouse: tables, migrations and one repository per aggregate."""
