"""Commands of a stand-in host that this machine lacks or has in another form."""
