"""What people touch: the command line, later the API, the dashboards and the bot."""
