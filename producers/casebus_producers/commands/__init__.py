"""The agency's commands, one file each. Importing one loads nothing but the command line's own library."""
