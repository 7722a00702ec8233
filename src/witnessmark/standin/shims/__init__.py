"""Commands of a stand-in host that this machine lacks or has in another form.

Each module is one command: ``main(arguments, root)`` is given what follows the command's name and
the host's root folder ("" where the host's root really is ``/``), and returns the exit status.
They run under ``python -I -B -S``, so each imports little but the standard library. What a shim
does not know it says; nothing is answered from thin air. docs/stand-in.md tells each one's limits.
"""
