"""The command line: parse and print only; every command calls a service."""
