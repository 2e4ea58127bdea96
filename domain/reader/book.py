"""Which lead a note is about: scored candidates from the company's leads, and a margin before anything is attached.

The book is kept in memory and follows the leads as they change. A tie is never decided: the best three are offered.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.contact import contact_keys, normal_phone
from domain.reader import lexicon
from domain.reader.names import NameIndex, core_of, lowered, short_forms
from domain.reader.understand import Reading

ATTACH = 4.0
MARGIN = 1.0
LISTED = 3
FLOOR = 1.5

QUOTED, CONTACT = 12.0, 8.0
FIRM, ALIAS, BRAND, WORDLIKE = 5.0, 4.0, 3.5, 2.0
NAME, SHORT_NAME, WORD_NAME, SURNAME, TITLE = 3.5, 3.2, 2.2, 1.5, 0.5
OWN, OPEN = 1.5, 0.3
STRONG, WEAK, FADED = 2.8, 1.0, 0.4
OTHER_PERSON, OTHER_FIRM = -2.5, -3.0
"""What each sign is worth; a homophone is worth half, and what is half alone never reaches ATTACH."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A lead as the book knows it. `open` = somebody may still work on it. Texts are folded and simplified."""

    lead: str
    name: str = ""
    company: str = ""
    title: str = ""
    owner: str | None = None
    team: str | None = None
    open: bool = True
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Who writes, when, and what they last wrote about: `current` at `current_at`; `quoted` is the lead of the
    card or message that this one answers."""

    person: str
    now: datetime
    current: str | None = None
    current_at: datetime | None = None
    quoted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    lead: str
    score: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`lead` is set when one stands out; `best` are the most likely ones, for a choice."""

    lead: str | None
    best: tuple[Candidate, ...]
    named: bool = False
    """Whether the message names somebody or some firm: then, with no candidate, it is about nobody's lead."""


MOST_SOUNDS = 20_000


class _Index:
    """Words with the leads that they stand for. Most stand for one lead, and a set for each of them took half of
    the book's memory."""

    __slots__ = ("_leads",)

    def __init__(self) -> None:
        self._leads: dict[str, str | set[str]] = {}

    def add(self, word: str, lead: str) -> None:
        known = self._leads.setdefault(word, lead)
        if isinstance(known, set):
            known.add(lead)
        elif known != lead:
            self._leads[word] = {known, lead}

    def discard(self, word: str, lead: str) -> None:
        """A lead that is known under it; again = no change."""
        known = self._leads.get(word)
        if isinstance(known, set):
            known.discard(lead)
        else:
            self._leads.pop(word, None)

    def get(self, word: str) -> Collection[str]:
        known = self._leads.get(word, ())
        return (known,) if isinstance(known, str) else known


class LeadBook:
    """See the module. `pinyin` gives each character's toneless syllable; `known` tells everyday words."""

    def __init__(
        self,
        *,
        names: NameIndex | None = None,
        pinyin: Callable[[str], Sequence[str]] = tuple,
        known: Callable[[str], bool] = lambda word: False,
    ) -> None:
        self.names = names if names is not None else NameIndex()
        self._pinyin = pinyin
        self._known = known
        self._entries: dict[str, Entry] = {}
        self._by_key, self._by_alias, self._by_name = _Index(), _Index(), _Index()
        self._by_surname, self._by_sound = _Index(), _Index()
        self._sounds: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, lead: str) -> Entry | None:
        return self._entries.get(lead)

    def entries(self) -> Iterable[Entry]:
        return self._entries.values()

    def put(self, entry: Entry) -> None:
        """Take in a lead, or what has become of it."""
        before = self._entries.get(entry.lead)
        self._entries[entry.lead] = entry
        if before is not None:
            if (before.name, before.company, before.keys) == (entry.name, entry.company, entry.keys):
                return
            for index, word in self._places(before, _forms(before)):
                index.discard(word, entry.lead)
        forms = _forms(entry)
        for index, word in self._places(entry, forms):
            index.add(word, entry.lead)
        for form in forms:
            self.names.add(form, "company")
        if len(entry.name) >= 2 and lexicon.HONORIFIC.fullmatch(entry.name) is None:
            self.names.add(entry.name, "person")

    def _places(self, entry: Entry, forms: Iterable[str]) -> Iterable[tuple[_Index, str]]:
        """Every index and word under which a lead is found."""
        for key in entry.keys:
            yield self._by_key, key
        for form in forms:
            yield self._by_alias, form
        if entry.name:
            yield self._by_name, lowered(entry.name)
            yield self._by_surname, surname_of(entry.name)
            yield self._by_sound, self._sound(entry.name)
        if entry.company:
            core = core_of(entry.company)
            for form in {core, core[:2], core[:3], core[:4]}:
                yield self._by_sound, self._sound(form)

    def _sound(self, text: str) -> str:
        """How a word sounds, with what the south and voice input mix up made alike."""
        known = self._sounds.get(text)
        if known is None:
            known = " ".join(alike(each) for each in self._pinyin(text))
            if len(self._sounds) < MOST_SOUNDS:
                self._sounds[text] = known
        return known

    # -- matching ---------------------------------------------------------------------------------------

    def match(self, reading: Reading, plain: str, talk: Talk) -> Match:
        """The lead of a message; `plain` is its text folded and simplified."""
        signs = _Signs(self, reading, plain)
        scored: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for lead, points, why in signs.of_words():
            scored[lead].append((points, why))
        if talk.quoted in self._entries:
            scored[talk.quoted].append((QUOTED, "quoted"))
        by_words = self._fit(scored, signs, talk) if signs.tells_who else []
        self._recent(scored, talk, signs)
        fit = self._fit(scored, signs, talk)
        decided = self._decided(fit)
        if decided is not None and _as_good(by_words, decided):
            decided = None
        return Match(lead=decided, best=tuple(fit[:LISTED]), named=signs.named)

    def _fit(
        self, scored: Mapping[str, list[tuple[float, str]]], signs: "_Signs", talk: Talk
    ) -> list[Candidate]:
        """Who comes into question, the likeliest first."""
        found = [self._weigh(lead, points, signs, talk) for lead, points in scored.items()]
        return sorted((each for each in found if each.score >= FLOOR), key=lambda c: (-c.score, c.lead))

    def _recent(self, scored: dict[str, list[tuple[float, str]]], talk: Talk, signs: "_Signs") -> None:
        current = talk.current
        if current is None or current not in self._entries or talk.current_at is None:
            return
        age = talk.now - talk.current_at
        if age < timedelta(0) or age > timedelta(hours=12) or signs.speaks_against(self._entries[current]):
            return
        points = STRONG if age <= timedelta(minutes=30) else WEAK if age <= timedelta(hours=3) else FADED
        scored[current].append((points, "current"))
        if not signs.named and points == STRONG:
            scored[current].append((ATTACH - STRONG, "nobody else named"))

    def _weigh(self, lead: str, points: list[tuple[float, str]], signs: "_Signs", talk: Talk) -> Candidate:
        entry = self._entries[lead]
        best: dict[str, float] = {}
        for value, why in points:
            group = why.partition(":")[0]
            best[group] = max(best.get(group, 0.0), value)
        total = sum(best.values())
        if "quoted" not in best and "contact" not in best:
            total += signs.contradiction(entry)
        if entry.owner == talk.person:
            total += OWN
        elif total < BRAND:
            total = 0.0  # a colleague's customer is not guessed at
        total += OPEN if entry.open else -1.0
        return Candidate(lead=lead, score=round(total, 3), why=tuple(dict.fromkeys(why for _, why in points)))

    def _decided(self, fit: Sequence[Candidate]) -> str | None:
        """The lead that stands out. What only sounds alike never does: half a BRAND, OWN and OPEN stay below ATTACH."""
        if not fit or fit[0].score < ATTACH or _as_good(fit, fit[0].lead):
            return None
        return fit[0].lead

    # -- what the signs look up -------------------------------------------------------------------------

    def by_key(self, key: str) -> Collection[str]:
        return self._by_key.get(key)

    def by_alias(self, word: str) -> Collection[str]:
        return self._by_alias.get(word.lower())

    def by_name(self, word: str) -> Collection[str]:
        return self._by_name.get(word.lower())

    def by_surname(self, word: str) -> Collection[str]:
        return self._by_surname.get(word)

    def by_sound(self, word: str) -> Collection[str]:
        return self._by_sound.get(self._sound(word))

    def sounds_alike(self, one: str, other: str) -> bool:
        return self._sound(one) == self._sound(other)

    def everyday(self, word: str) -> bool:
        return self._known(word)


def _as_good(fit: Sequence[Candidate], lead: str) -> bool:
    """Whether another one is as good as that one, or better."""
    score = next((each.score for each in fit if each.lead == lead), 0.0)
    return any(score - each.score < MARGIN for each in fit if each.lead != lead)


_ALIKE: Mapping[str, str] = {"zh": "z", "ch": "c", "sh": "s"}


def alike(syllable: str) -> str:
    """A syllable with the sounds made alike that are mixed up: zh z, ch c, sh s, ing in, eng en, ang an."""
    head = _ALIKE.get(syllable[:2])
    if head:
        syllable = head + syllable[2:]
    for end in ("ing", "eng", "ang"):
        if syllable.endswith(end):
            return syllable[:-1]
    return syllable


def _forms(entry: Entry) -> Sequence[str]:
    """What the lead's firm may be called, in small letters."""
    return tuple(dict.fromkeys(map(lowered, short_forms(entry.company)))) if entry.company else ()


def surname_of(name: str) -> str:
    match = lexicon.SURNAME.match(name)
    return match[0] if match else name[:1]


def entry_keys(phone: str | None, email: str | None, wechat: str | None) -> tuple[str, ...]:
    return contact_keys(phone=phone, email=email, wechat=wechat)


class _Signs:
    """What a message says that may point to a lead."""

    def __init__(self, book: LeadBook, reading: Reading, plain: str) -> None:
        self._book = book
        self._plain = plain
        found = book.names.find(plain)
        self.words = [plain[start:end] for start, end, _ in found]
        self.firms = [word for word in self.words if book.by_alias(word)]
        self.names = [word for word in self.words if book.by_name(word)]
        self.reading = reading
        said = [reading.name] if reading.name else []
        self.people = list(dict.fromkeys([*said, *reading.people]))
        self.respects = [each for each in self.people if lexicon.HONORIFIC.fullmatch(each)]
        if reading.company and not self.firms and book.by_alias(reading.company):
            self.firms.append(reading.company)

    @property
    def named(self) -> bool:
        return bool(self.people or self.firms or self.names or self.reading.company or self.reading.phones)

    @property
    def tells_who(self) -> bool:
        """Whether a firm or a full name is said. A surname points back to whom the talk was about; who says more
        tells apart whom they mean, and of two customers of one name may mean the other: the conversation does
        not choose between them. A tap costs a second, a visit booked on the wrong one stops its clock."""
        return bool(self.firms or self.names or len(self.people) > len(self.respects))

    def of_words(self) -> Iterable[tuple[str, float, str]]:
        """(lead, points, why) of every sign but the conversation."""
        yield from self._of_contacts()
        for word in self.firms:
            for lead in self._book.by_alias(word):
                yield lead, self._firm_points(word, lead), f"company:{word}"
        full = [*self.names, *(each for each in self.people if each not in self.names)]
        for word in full:
            for lead in self._book.by_name(word):
                yield lead, self._name_points(word), f"name:{word}"
        for word in self.respects:
            for lead in self._book.by_surname(surname_of(word)):
                entry = self._book.entry(lead)
                same = entry is not None and _title_of(word) in entry.title
                yield lead, SURNAME + (TITLE if same else 0.0), f"name:{word}"
        if not self.firms and not self.names:
            yield from self._of_sounds()

    def _of_contacts(self) -> Iterable[tuple[str, float, str]]:
        phones = [phone for shown in self.reading.phones if (phone := normal_phone(shown))]
        keys = [key for phone in phones for key in contact_keys(phone=phone, email=None, wechat=None)]
        for email in self.reading.emails:
            keys += contact_keys(phone=None, email=email, wechat=None)
        keys += contact_keys(phone=None, email=None, wechat=self.reading.wechat)
        for key in keys:
            for lead in self._book.by_key(key):
                yield lead, CONTACT, f"contact:{key[0]}"

    def _firm_points(self, word: str, lead: str) -> float:
        entry = self._book.entry(lead)
        company = entry.company.lower() if entry else ""
        if word.lower() == company:
            return FIRM
        if len(word) <= 3 and self._book.everyday(word):
            return WORDLIKE
        return ALIAS if len(word) >= 4 else BRAND

    def _name_points(self, word: str) -> float:
        if self._book.everyday(word) and word not in self.people:
            return WORD_NAME
        return NAME if len(word) >= 3 else SHORT_NAME

    def _of_sounds(self) -> Iterable[tuple[str, float, str]]:
        """Homophones of what voice input made of a name, worth half."""
        words = [each for each in (self.reading.company, *self.people) if each and len(each) >= 2]
        for word in words:
            bare = word if lexicon.HONORIFIC.fullmatch(word) is None else ""
            for form in {bare, bare[:2]} - {""}:
                for lead in self._book.by_sound(form):
                    if len(form) == len(bare) or word == self.reading.company:
                        yield lead, BRAND / 2, f"sound:{word}~"

    def speaks_against(self, entry: Entry) -> bool:
        """Whether the message names somebody else, or another firm, than this lead's."""
        if self.firms and not any(entry.lead in self._book.by_alias(word) for word in self.firms):
            return True
        if self._unknown_firm(entry):
            return True
        named = self.people or self.names
        return bool(named) and not any(self._is(word, entry) for word in (*self.people, *self.names))

    def _unknown_firm(self, entry: Entry) -> bool:
        """Whether a firm is named that nobody's lead is at, and that does not sound like this one's."""
        said = self.reading.company
        if not said or self.firms or not entry.company:
            return False
        core = core_of(entry.company)
        of_it = said in entry.company or core.startswith(core_of(said))  # 乙公司 is 乙科技有限公司, too
        return not of_it and not self._book.sounds_alike(said[:2], core[:2])

    def contradiction(self, entry: Entry) -> float:
        """What the message says that does not fit this lead."""
        against = 0.0
        if self.firms and not any(entry.lead in self._book.by_alias(word) for word in self.firms):
            against += OTHER_FIRM
        elif self._unknown_firm(entry):
            against += OTHER_FIRM / 2
        if self.people and not any(self._is(word, entry) for word in (*self.people, *self.names)):
            against += OTHER_PERSON
        return against

    def _is(self, word: str, entry: Entry) -> bool:
        """Whether a person as named may be this lead's."""
        if not entry.name or word.lower() == entry.name.lower():
            return True
        if lexicon.HONORIFIC.fullmatch(word):
            return surname_of(re.sub("^[老小]", "", word)) == surname_of(entry.name)
        if lexicon.HONORIFIC.fullmatch(entry.name):
            return surname_of(word) == surname_of(entry.name)
        return self._book.sounds_alike(word, entry.name)


def _title_of(respect: str) -> str:
    """主任 of 孔主任; of 张总 nothing that a title would hold."""
    rest = respect.removeprefix(surname_of(respect))
    return rest if len(rest) >= 2 else "\0"
