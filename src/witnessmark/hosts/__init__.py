"""Reaching hosts: paramiko or a local process to act and collect, ansible-runner to prepare."""
