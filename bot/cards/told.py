"""Cards that tell rather than ask: what became of a lead, who needs help, what the system could not do."""

from bot.cards import parts
from bot.cards.actions import Assign, Confirm, Take, Visit
from bot.cards.model import Button, Card, CardState, Style, fit
from bot.cards.parts import Args
from bot.cards.trouble import candidates
from bot.words import clock_words, known, reason_words, say, stage_words
from domain.lead import Lead
from domain.people import Company, Person
from domain.permission import may_direct
from domain.reasons import REASONS
from domain.stages import HELD, Stage

OUTCOMES = frozenset(
    {
        "accepted", "contacted", "won", "lost", "handed_back", "nurturing", "invalid", "pool", "withdrawn",
        "moved", "enquired", "sent", "draft",
    }
)  # fmt: skip
_STILL = {
    "accepted": HELD,
    "nurturing": {Stage.NURTURING},
    "pool": {Stage.POOL},
    "invalid": {Stage.INVALID},
    "withdrawn": {Stage.INVALID},
    "draft": {Stage.DRAFT},
}
DUE, RETURNED, ENQUIRED = "due", "returned", "enquired"


def outcome_text(lead: Lead, viewer: Person, company: Company, args: Args) -> str:
    """What became of a lead (`args["what"]`), in one line for who handed it in; no way to reach anybody."""
    lang = viewer.lang
    what = parts.text(args, "what")
    about = {"lead": lead.id, "name": parts.name_of(lead, viewer)}
    if what not in OUTCOMES:
        return say(lang, "outcome.other", **about, stage=stage_words(lang, what or lead.stage))
    by = parts.member(company, parts.text(args, "by"), lang)
    if what == "moved" and lead.owner == viewer.id:
        return say(lang, "outcome.moved_back", **about)
    line = say(lang, f"outcome.{what}", **about, by=by)
    if what == "invalid" and lead.stage is Stage.INVALID and lead.reason in REASONS:
        return say(lang, "outcome.why", text=line, reason=reason_words(lang, lead.reason))
    return line


def outcome_stands(lead: Lead, args: Args) -> bool:
    """Whether what was to be told is still so: an undo, or somebody else, may have changed it since."""
    return lead.stage in _STILL.get(parts.text(args, "what"), {lead.stage})


def outcome_card(lead: Lead, viewer: Person, company: Company, args: Args) -> Card:
    """The same line as a card; when the lead has gone on, how it stands now."""
    lang = viewer.lang
    now = (
        () if outcome_stands(lead, args) else (say(lang, "outcome.now", stage=stage_words(lang, lead.stage)),)
    )
    return Card(
        title=say(lang, "outcome.title", name=parts.who(lead, viewer)),
        lines=(outcome_text(lead, viewer, company, args), *now),
        state=CardState.DONE,
    )


def handed_back_card(lead: Lead, viewer: Person, company: Company, args: Args) -> Card:
    """Who gave a lead back, why, and where it went; `args`: `by`, `reason`, `nth` (its hand-backs then),
    `stage` and `owner` as they then were: what the lead does later is no news of this card."""
    lang = viewer.lang
    by = parts.named(company, args, "by", lang)
    return Card(
        title=say(lang, "handed.title", by=by, lead=lead.id, name=parts.name_of(lead, viewer)),
        lines=(handed_back_text(lead, viewer, company, args),),
        state=CardState.DONE,
    )


def handed_back_text(lead: Lead, viewer: Person, company: Company, args: Args) -> str:
    """The reason of a hand-back and where the lead went, or that it was undone."""
    lang = viewer.lang
    if not hand_back_stands(lead, args):
        return say(lang, "handed.undone")
    stage = parts.text(args, "stage")
    name = parts.named(company, args, "owner", lang)
    went = known(lang, f"handed.went.{stage}", stage_words(lang, stage)).format_map({"name": name})
    return say(lang, "handed.line", reason=parts.handed_why(lead, lang, args), went=went)


def hand_back_stands(lead: Lead, args: Args) -> bool:
    """Whether nobody undid the hand-back that a notice told of; one that comes later is another."""
    return lead.handbacks >= parts.number(args, "nth") and args.get("state") != "undone"


def off_duty_card(viewer: Person, company: Company, args: Args) -> Card:
    """You let `args["lapses"]` in a row pass; one tap brings you back. Done once `args["back"]`. Whoever is
    above `args["person"]` is told without a button."""
    lang, whose = viewer.lang, parts.text(args, "person")
    if whose and whose != viewer.id:
        name, count = parts.member(company, whose, lang), parts.number(args, "lapses")
        title = say(lang, "off_duty.theirs_back" if args.get("back") else "off_duty.theirs", name=name)
        lines = () if args.get("back") else (say(lang, "off_duty.theirs_why", count=count),)
        return Card(title=title, lines=lines, state=CardState.DONE)
    if args.get("back"):
        lines = (say(lang, "off_duty.back_line"),)
        return Card(title=say(lang, "off_duty.back"), lines=lines, state=CardState.DONE)
    return Card(
        title=say(lang, "off_duty.off"),
        lines=(say(lang, "off_duty.why", count=parts.number(args, "lapses")),),
        buttons=(Button(action=Confirm(what="duty"), text=say(lang, "button.duty"), style=Style.PRIMARY),),
    )


def help_card(lead: Lead, viewer: Person, company: Company, args: Args) -> Card:
    """A rep asks an expert for help; `args`: by, reason. The owner stays; the helper may log a
    visit, and hears how to look at the lead and write to it."""
    lang = viewer.lang
    asker = parts.text(args, "by")
    by = parts.member(company, asker, lang)
    reason = parts.text(args, "reason")
    here = lead.owner == asker and lead.helper == viewer.id
    visit = Visit(lead=lead.id, offer=lead.offer_in_force)
    line = say(lang, "help.line_plain", by=by)
    if reason:
        line = say(lang, "help.line", by=by, reason=reason_words(lang, reason))
    return Card(
        title=say(lang, "help.title", who=parts.who(lead, viewer)),
        lines=(line, *parts.need(lead, viewer)) if here else (say(lang, "help.over", by=by),),
        fields=(
            *parts.fields(lang, ("lead", lead.id)),
            *parts.about(lead, viewer, "company"),
            *parts.fields(lang, parts.place(lead, viewer), ("owner", by if here else "")),
        ),
        buttons=(Button(action=visit, text=say(lang, "button.visit")),) if here else (),
        note=say(lang, "help.how", lead=lead.id, by=by) if here else "",
        state=CardState.LIVE if here else CardState.DONE,
    )


def revisit_card(lead: Lead, viewer: Person, company: Company, args: Args) -> Card:
    """A lead that marketing keeps warm: `args["what"]` says that it came back (returned), is due, or that the
    customer asked again (enquired)."""
    lang = viewer.lang
    what = next((each for each in (RETURNED, ENQUIRED) if args.get("what") == each), DUE)
    asleep = lead.stage is Stage.NURTURING
    may = asleep and may_direct(company, viewer, lead)
    people = candidates((lead,), viewer, company) if may else ()
    now = (
        say(lang, f"revisit.{what}_line")
        if asleep
        else say(lang, "submitted.stage", stage=_stage(lead, lang))
    )
    return Card(
        title=say(lang, f"revisit.{what}", who=parts.who(lead, viewer)),
        lines=(
            now,
            *(parts.unreached(lead, viewer, company) if asleep else ()),
            *parts.need(lead, viewer),
        ),
        fields=(
            *parts.fields(lang, ("lead", lead.id)),
            *parts.about(lead, viewer, "company"),
            *parts.contacts(lead, viewer),
            *parts.fields(lang, ("reason", reason_words(lang, lead.reason or "") if asleep else "")),
        ),
        buttons=_send_out(lead, lang, people=bool(people), leads=company.leads_team(viewer.id, lead.team))
        if may
        else (),
        selects=(parts.people_select(people, company, lang),) if people else (),
        state=CardState.LIVE if asleep else CardState.DONE,
    )


def _stage(lead: Lead, lang: str) -> str:
    return stage_words(lang, lead.stage)


def _send_out(lead: Lead, lang: str, *, people: bool, leads: bool) -> tuple[Button, ...]:
    assign = Assign(lead=lead.id, decisions=lead.decisions)
    take = Take(lead=lead.id, decisions=lead.decisions)
    send = (Button(action=assign, text=say(lang, "button.assign"), style=Style.PRIMARY),) if people else ()
    return (*send, Button(action=take, text=say(lang, "button.take"))) if leads else send


def gap_card(viewer: Person, company: Company, args: Args) -> Card:
    """The system was down; `args`: from, to (ISO 8601), count of leads that fell due meanwhile."""
    lang = viewer.lang
    since, until = parts.instant(args, "from"), parts.instant(args, "to")
    ends = {
        "since": parts.clock(viewer, company, since) if since else "",
        "until": clock_words(lang, until, company.zone, since or until) if until else "",
    }
    return Card(
        title=say(lang, "gap.title"),
        lines=(say(lang, "gap.span", **ends), say(lang, "gap.line", count=parts.number(args, "count"))),
        state=CardState.DONE,
    )


def dead_card(viewer: Person, company: Company, args: Args) -> Card:
    """Something could not be told; `args`: about (the kind of notice), to, lead, why."""
    lang = viewer.lang
    person = parts.member(company, parts.text(args, "to"), lang)
    about = parts.text(args, "about")
    return Card(
        title=say(lang, "dead.title", name=person),
        lines=(say(lang, "dead.line"),),
        fields=parts.fields(
            lang,
            ("person", person),
            ("what", known(lang, f"tell.{about}", about)),
            ("lead", parts.text(args, "lead")),
            ("reason", parts.text(args, "why")),
        ),
        state=CardState.DONE,
    )


def calendar_card(viewer: Person, _company: Company, args: Args) -> Card:
    """The official days off of `args["year"]` are missing."""
    lang = viewer.lang
    return Card(
        title=say(lang, "calendar.title", year=parts.number(args, "year") or "?"),
        lines=(say(lang, "calendar.line"),),
        state=CardState.DONE,
    )


def left_card(viewer: Person, _company: Company, args: Args) -> Card:
    """Somebody has left and their leads went on; `args`: `name`, `count`, of which `waits` found nobody,
    `leads` (the first of them), and `still` where it is only the settings that list them no more."""
    lang, count, waits = viewer.lang, parts.number(args, "count"), parts.number(args, "waits")
    key = "left.waits" if waits else "left.line"
    return Card(
        title=say(
            lang,
            "left.unlisted" if args.get("still") else "left.title",
            name=fit(parts.text(args, "name"), parts.NAME),
        ),
        lines=(say(lang, key, count=count, given=count - waits, waits=waits), parts.text(args, "leads")),
        state=CardState.DONE,
    )
