"""Who reads which partition of a broker in memory, and from where on."""

from collections.abc import Iterable, Mapping, Sequence

from seawall.messaging.position import Partition


class Group:
    """The members of a group share the partitions, and remember together what was handled."""

    def __init__(self) -> None:
        self.committed: dict[Partition, int] = {}
        self.owners: dict[Partition, Member] = {}
        self._members: list[Member] = []

    def join(self, topics: Sequence[str]) -> "Member":
        """A new member. It gets its share when those who had it have let it go."""
        member = Member(self, topics)
        self._members.append(member)
        return member

    def leave(self, member: "Member") -> None:
        """What it had is free, from the committed offsets on."""
        self._members.remove(member)
        for partition in [p for p, owner in self.owners.items() if owner is member]:
            del self.owners[partition]

    def share_of(self, member: "Member", partitions: Iterable[Partition]) -> set[Partition]:
        """Each partition belongs to one of those who read its topic, by turns."""
        share = set()
        for topic, number in partitions:
            readers = [m for m in self._members if topic in m.topics]
            if readers[number % len(readers)] is member:
                share.add((topic, number))
        return share


class Member:
    """`next` says where it reads on, in the partitions that it owns."""

    def __init__(self, group: Group, topics: Sequence[str]) -> None:
        self.topics = topics
        self.next: dict[Partition, int] = {}
        self._group = group

    def rebalance(self, partitions: Iterable[Partition]) -> set[Partition]:
        """Lets go what is no longer its share, takes what is free of it. Returns what it let go."""
        share = self._group.share_of(self, partitions)
        lost = set(self.next) - share
        for partition in lost:
            del self.next[partition]
            del self._group.owners[partition]
        for partition in share - set(self._group.owners):
            self._group.owners[partition] = self
            self.next[partition] = self._group.committed.get(partition, 0)
        return lost

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """All before these offsets was handled."""
        self._group.committed.update(offsets)

    def leave(self) -> None:
        """It reads no more."""
        self._group.leave(self)
