"""A consumer group as a coordinator keeps it: members, generations, cooperative assignment, session time-outs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random

from confluent_kafka import KafkaError
from tests.simulation.coordinator import kafka_failure
from tests.simulation.partition_log import Place


@dataclass(eq=False)
class Member:
    """``generation`` is what the client has heard of; ``owned`` what it was given and has not given back."""

    member_id: str
    places: Callable[[], set[Place]]
    generation: int = -1
    owned: set[Place] = field(default_factory=set)


class ConsumerGroup:
    """Who reads what. A partition is nobody's until its owner gave it back or lost its session."""

    def __init__(self, rng: Random) -> None:
        self.members: dict[str, Member] = {}
        self.generation = 0
        self._rng = rng
        self._numbers = count(1)
        self._targets: dict[Place, str] = {}

    def join(self, places: Callable[[], set[Place]]) -> Member:
        """A new member."""
        member = Member(f"member-{next(self._numbers)}", places)
        self.members[member.member_id] = member
        self.rebalance()
        return member

    def remove(self, member: Member) -> None:
        """It left, or its session ran out."""
        if self.members.pop(member.member_id, None) is not None:
            self.rebalance()

    def give_back(self, member: Member, places: set[Place]) -> None:
        """The member has let go of these; a generation follows in which others take them on."""
        if self.is_member(member):
            member.owned -= places
            self.generation += 1

    def rebalance(self) -> None:
        """A new generation in which everyone keeps most of what it had."""
        self.generation += 1
        members = sorted(self.members)
        places = sorted({place for member in self.members.values() for place in member.places()})
        for place in places:
            if self._targets.get(place) not in self.members or self._rng.random() < 0.3:
                self._targets[place] = self._rng.choice(members)

    def is_member(self, member: Member) -> bool:
        return member.member_id in self.members

    def to_revoke(self, member: Member) -> set[Place]:
        """What the member has to give back."""
        return {place for place in member.owned if self._targets.get(place) != member.member_id}

    def to_assign(self, member: Member) -> set[Place]:
        """What the member is to have and nobody else still holds."""
        if not member.places() <= set(self._targets):
            self.rebalance()
        held = {place for other in self.members.values() for place in other.owned}
        return {place for place, owner in self._targets.items() if owner == member.member_id} - held

    def validate(self, member_id: str, generation: int) -> None:
        """What the coordinator checks of offsets in a transaction.

        For clients from before KIP-447 it lets offsets pass that name no member and no generation at all.
        """
        if not member_id and generation < 0:
            return
        if member_id not in self.members:
            raise kafka_failure(KafkaError.UNKNOWN_MEMBER_ID, abort=True)
        if generation != self.generation:
            raise kafka_failure(KafkaError.ILLEGAL_GENERATION, abort=True)
