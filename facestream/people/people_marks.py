"""What lists look up of people without looking at them: names, and who is ignored or provisional."""

from __future__ import annotations

from collections.abc import Sequence

from facestream.people.name_search import NameSearch
from facestream.people.people_filter import PeopleFilter, folded
from facestream.people.person import Person


class PeopleMarks:
    """Names and marks of all people; whoever uses it sees to it that one thread does at a time.

    Attributes:
        names: Folded names of those who have one, by id.
        ignored: Whom lists leave out.
        provisional: Whom no re-cluster has confirmed yet.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.ignored: set[str] = set()
        self.provisional: set[str] = set()
        self._search: NameSearch | None = None

    def put(self, person_id: str, person: Person | None) -> None:
        """Somebody is new, has changed, or is no more."""
        self.ignored.discard(person_id)
        self.provisional.discard(person_id)
        name = folded(person.name) if person else ""
        if name != self.names.pop(person_id, ""):
            self._search = None
        if name:
            self.names[person_id] = name
        if person is not None and person.ignored:
            self.ignored.add(person_id)
        if person is not None and person.provisional:
            self.provisional.add(person_id)

    def kept(self, ids: Sequence[str], where: PeopleFilter) -> Sequence[str]:
        """Those of some people who match by what is looked up in sets."""
        if where.folded_text:
            said = self.said(where.folded_text)
            ids = [i for i in ids if i in said]
        if where.only_ignored:
            ids = [i for i in ids if i in self.ignored]
        elif self.ignored and not where.ignored:
            ids = [i for i in ids if i not in self.ignored]
        if where.named is not None:
            ids = [i for i in ids if (i in self.names) == where.named]
        if where.name:
            wanted = folded(where.name)
            ids = [i for i in ids if wanted in self.names.get(i, "")]
        return ids

    def said(self, text: str) -> set[str]:
        """Those who have a text in their name, or as their id."""
        hits = self.holding(text)
        if hits is None:
            hits = {i for i, name in self.names.items() if text in name}
        return hits | {text}

    def holding(self, text: str) -> set[str] | None:
        """Those who have a text in their name; None where these are very many."""
        if self._search is None:
            self._search = NameSearch(self.names)
        return self._search.holding(text)
