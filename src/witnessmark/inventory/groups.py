"""What ``ansible-inventory --list`` says: groups, their hosts in order, and hosts' variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from witnessmark.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Listing:
    """One answer of ansible-inventory."""

    def __init__(self, listed: Mapping[str, Any]) -> None:
        self._listed = listed
        self._depth: dict[str, int] = {}
        self._members: dict[str, set[str]] = {}
        self.hosts: list[str] = []
        """Host names in inventory order."""
        self._walk("all", 0)

    def _walk(self, group: str, depth: int) -> set[str]:
        body = self._listed.get(group, {})
        self._depth[group] = max(depth, self._depth.get(group, 0))
        members = set(body.get("hosts", ()))
        self.hosts += [host for host in body.get("hosts", ()) if host not in self.hosts]
        for child in body.get("children", ()):
            members |= self._walk(child, depth + 1)
        self._members[group] = members
        return members

    def variables(self, host: str) -> Mapping[str, object]:
        """All variables of a host, groups' included, as ansible merged them."""
        found = self._listed["_meta"]["hostvars"].get(host, {})
        assert isinstance(found, dict)
        return found

    def groups(self, host: str) -> list[str]:
        """The host's groups, the one whose variables win first (the deepest, then by name)."""
        inside = [group for group, members in self._members.items() if host in members]
        return sorted(inside, key=lambda group: (self._depth[group], group), reverse=True)

    def limited(self, limit: Sequence[str]) -> set[str]:
        """The hosts named by ``limit``, a host's or a group's name each; all if it is empty."""
        if not limit:
            return set(self.hosts)
        for name in limit:
            if name not in self.hosts and name not in self._members:
                known = ", ".join([*self.hosts, *sorted(self._members.keys() - {"ungrouped"})])
                raise UsageError(f"no host or group {name} in the inventory; there are {known}")
        return {host for name in limit for host in self._members.get(name, {name})}
