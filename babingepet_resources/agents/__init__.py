"""Who sits in the analysts' seats: models and prompts as files that anybody can edit.

The files beside this module are shipped; one of the same name in the user's folder wins over it.
"""
