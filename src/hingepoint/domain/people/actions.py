"""Every change to people, their way in, teams, membership and saved views."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from hingepoint.domain.audit.actions import record
from hingepoint.domain.people import safety
from hingepoint.domain.people.models import (
    SEES_EVERYTHING,
    Invitation,
    Membership,
    SavedView,
    SignInFailure,
    Team,
    User,
    sees_all,
    why_needed,
)
from hingepoint.domain.people.rules import digest_of, expiry
from hingepoint.domain.turns.actions import action, read_anew, turn, turns
from hingepoint.records import conventions, languages
from hingepoint.records.errors import Hidden, Refused, TooOften
from hingepoint.records.languages import ENGLISH, reason, say, speaking, words_of
from hingepoint.records.people import Role

_NEW_PASSWORD = words_of("Your password was changed.")  # (words of a mail)
_MANAGES = words_of("You manage {team} from {day} on.")
_BELONGS = words_of("You belong to {team} from {day} on.")


class NotAllowed(Hidden):
    """Only analysts and sponsors may look after people and teams."""


class AlreadyMember(Refused):
    """The person is in that team already."""

    field = "team"


class NotOffered(Hidden):
    """Nobody is spoken to in this language here."""


class LeftAlready(Refused):
    """The membership was ended already."""


class NoSuchPlace(Refused):
    """A team cannot stand below itself or below one of its own teams, nor deeper than paths can say."""

    field = "below"


class AddressTaken(Refused):
    """Somebody else signs in with this address, or was merged into somebody with it; ``known`` is that person."""

    field = "email"

    def __init__(self, known: User):
        self.known = known
        super().__init__(
            reason(
                "{known} is here under this address. If they are one person, merge the two.", known=known.name
            )
        )


class NoAddress(Refused):
    """What was written is no e-mail address."""

    field = "email"


class WrongAddresses(Refused):
    """Addresses of several people cannot be taken; ``by_person`` has the words, by the number of each."""

    def __init__(self, by_person: dict[int, str]):
        self.by_person = by_person
        super().__init__(next(iter(by_person.values())))


class NeededHere(Refused):
    """Somebody must keep their way in as it is, or nobody might get in any more; the words say what to do first."""


class CannotBeInvited(Refused):
    """Somebody who is disabled or has no address gets no link."""


class LinkOver(Hidden):
    """The link was used or revoked, its time is over, or it never was one."""


class EasyPassword(Refused):
    """The password is too easy; the words say why."""

    field = "password"


class TooManySignIns(TooOften):
    """Too many failed sign-ins of this account or from this address; wait a quarter of an hour."""


def _require_keeper(by: User | None) -> None:
    """People are looked after by analysts and sponsors; None is the system (seed, import, command)."""
    if by is not None and not sees_all(by):
        raise NotAllowed("Only an analyst or a sponsor can change people and teams.")


def require_not_needed(user: User, *, by: User | None) -> None:
    """Raise NeededHere where somebody must keep their way in. The system (``by`` None) has asked before, or is the operator."""
    if by is not None and (why := why_needed(user)):
        raise NeededHere(why)


@action
def add_user(
    *,
    by: User | None,
    at: dt.datetime,
    name: str,
    role: Role,
    key: str = "",
    email: str | None = None,
    password: str | None = None,
    title: str = "",
) -> User:
    """Add a person; with ``email`` and ``password`` they can sign in at once.

    Raises ValidationError for a password that is too easy, AddressTaken, and IntegrityError for a taken key.
    """
    _require_keeper(by)
    if email:
        _require_free_address(email.lower())
    user = User(key=key or email or name, name=name, role=role, email=email and email.lower(), title=title)
    if password:
        validate_password(password, user)
        user.set_password(password)
    else:
        user.set_unusable_password()
    user.save(force_insert=True)
    record(by=by, at=at, action="add", subject="user", subject_id=user.pk, changes={"role": [None, role]})
    return user


@action
def rename(*, by: User | None, at: dt.datetime, user: User, name: str, title: str) -> None:
    """Say what somebody is called and what stands on their card. What was written with their name stays."""
    _require_keeper(by)
    read_anew(user)
    changes = {"name": [user.name, name], "title": [user.title, title]}
    user.name, user.title = name, title
    user.version += 1
    user.save(update_fields=["name", "title", "version"])
    record(by=by, at=at, action="rename", subject="user", subject_id=user.pk, changes=changes)


@action
def change_role(*, by: User | None, at: dt.datetime, user: User, role: Role, reason: str = "") -> None:
    """Give ``user`` another role; it holds from their next request. Raises NeededHere."""
    _require_keeper(by)
    if role not in SEES_EVERYTHING:
        require_not_needed(user, by=by)
    before, user.role = read_anew(user).role, role
    user.version += 1
    user.save(update_fields=["role", "version"])
    record(
        by=by,
        at=at,
        action="change role",
        subject="user",
        subject_id=user.pk,
        changes={"role": [before, role]},
        reason=reason,
    )
    safety.tell(
        user,
        languages.reason("Your role is now: {role}.", role=Role(role).label),
        by=by,
        at=at,
        who=_who(by, reason),
    )


@action
def set_active(*, by: User | None, at: dt.datetime, user: User, active: bool, reason: str = "") -> None:
    """Disable or enable sign-in; a disabled person is out from their next request. Raises NeededHere."""
    _require_keeper(by)
    if not active:
        require_not_needed(user, by=by)
    before, user.is_active = read_anew(user).is_active, active
    user.version += 1
    user.save(update_fields=["is_active", "version"])
    if not active:
        _close_links(user, at=at)
    record(
        by=by,
        at=at,
        action="enable" if active else "disable",
        subject="user",
        subject_id=user.pk,
        changes={"active": [before, active]},
        reason=reason,
    )
    what = (
        languages.reason("You can sign in again.")
        if active
        else languages.reason("You cannot sign in any more.")
    )
    safety.tell(user, what, by=by, at=at, who=_who(by, reason))


def _who(by: User | None, reason: str) -> str:
    """Return what did something where nobody did: its reason, as the head of a sentence. A colleague's reason is not the person's."""
    return "" if by else reason[:1].upper() + reason[1:]


@action
def set_password(*, by: User | None, at: dt.datetime, user: User, password: str) -> None:
    """Set a new password; every other session of ``user`` ends, and no link to choose one works any more.
    Raises ValidationError when too easy."""
    if by is None or by.pk != user.pk:
        _require_keeper(by)
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    _close_links(user, at=at)
    record(by=by, at=at, action="set password", subject="user", subject_id=user.pk)
    safety.tell(user, _NEW_PASSWORD, by=by, at=at)


@action
def choose_language(*, by: User, at: dt.datetime, language: str) -> None:
    """Have pages and mails speak ``language`` to oneself; empty: pages as the browser asks, mails English. The same again
    changes nothing. Raises NotOffered."""
    if language and language not in settings.OFFERED_LANGUAGES:
        raise NotOffered
    row = turn(User.objects.all(), pk=by.pk)
    if row is None or row.language == language:
        return
    changes = {"language": [row.language, language]}
    row.language = language
    row.save(update_fields=["language"])
    record(by=by, at=at, action="choose language", subject="user", subject_id=by.pk, changes=changes)


# ---- their address and their way in ----


@action
def set_address(*, by: User | None, at: dt.datetime, user: User, email: str) -> None:
    """Say with which address ``user`` signs in; an empty one takes it away. Links made before stop working.

    The same address again changes nothing. Raises NoAddress, AddressTaken and NeededHere.
    """
    _require_keeper(by)
    wanted = _as_address(email)
    before = read_anew(user).email
    if wanted == before:
        return
    if wanted:
        _require_free_address(wanted, but=user)
    else:
        require_not_needed(user, by=by)
    user.email = wanted
    user.version += 1
    user.save(update_fields=["email", "version"])
    _close_links(user, at=at)
    changes = {"e-mail": [before, wanted]}
    record(by=by, at=at, action="set address", subject="user", subject_id=user.pk, changes=changes)
    if before:
        safety.tell(user, reason("You do not sign in with this address any more."), by=by, at=at, to=before)


@action
def set_addresses(*, by: User | None, at: dt.datetime, addresses: Mapping[User, str]) -> None:
    """Say for several people with which address they sign in, all or none. Raises WrongAddresses."""
    wrong = {}
    for user in sorted(addresses, key=lambda user: user.pk):
        try:
            set_address(by=by, at=at, user=user, email=addresses[user])
        except (NoAddress, AddressTaken, NeededHere) as error:
            wrong[user.pk] = error.words
    if wrong:
        raise WrongAddresses(wrong)


def _as_address(text: str) -> str | None:
    """Return an address as it is kept, None for an empty one. Raises NoAddress."""
    email = text.strip().lower()
    if not email:
        return None
    try:
        validate_email(email)
    except ValidationError:
        raise NoAddress(
            reason("{text} is no e-mail address. Write it as ann@example.com.", text=text.strip()[:80])
        ) from None
    return email


def _require_free_address(email: str, *, but: User | None = None) -> None:
    known = User.objects.filter(Q(email=email) | Q(other_names__email=email)).exclude(pk=but.pk if but else 0)
    if taken := known.first():
        raise AddressTaken(taken)


@action
def give_sign_in(
    *, by: User | None, at: dt.datetime, user: User, email: str, role: Role, password: str
) -> None:
    """Let somebody who is here sign in at once, in this role. Raises ValidationError for a password that is too
    easy, NoAddress, AddressTaken."""
    set_address(by=by, at=at, user=user, email=email)
    if read_anew(user).role != role:
        change_role(by=by, at=at, user=user, role=role)
    set_password(by=by, at=at, user=user, password=password)


def _close_links(user: User, *, at: dt.datetime) -> int:
    """Let no link made for ``user`` work any more; return how many did."""
    return user.invitations.open().update(revoked_at=at)


@action
def invite(*, by: User | None, at: dt.datetime, users: Sequence[User]) -> dict[int, str]:
    """Make a link for each of ``users``, to be copied or printed; return what each carries, by their number.

    It is told this once: what is kept opens nothing. Links made before stop working. Raises CannotBeInvited
    for anybody who is disabled or has no address; nobody gets a link then.
    """
    _require_keeper(by)
    tokens = {}
    for user in _who_can_be_invited(users):
        token = tokens[user.pk] = secrets.token_urlsafe(32)
        _invite(user, by=by, at=at, digest=digest_of(token), sent_at=at)
    return tokens


@action
def invite_by_mail(*, by: User | None, at: dt.datetime, users: Sequence[User], page: str) -> int:
    """Have each of ``users`` mailed a link in the background; return how many. ``page`` is what all links begin
    with (https://host/welcome/), before what each carries.

    Links made before stop working. Raises CannotBeInvited; nobody is mailed then.
    """
    _require_keeper(by)
    people = _who_can_be_invited(users)
    for user in people:
        _invite(user, by=by, at=at, to=user.email, page=page)
    _send_later()
    return len(people)


#: How long a link works that somebody asked for who forgot their password.
FORGOTTEN_FOR = dt.timedelta(hours=1)


@action
def forget_password(*, at: dt.datetime, email: str, page: str) -> None:
    """Have whoever signs in with ``email`` mailed a link by which they choose a new password, at most once in a quarter
    of an hour. ``page`` is what the link begins with. Returns nothing and raises nothing, whoever asks about whom: nobody
    learns from it who is here."""
    user = turn(User.objects.filter(is_active=True), email=email.strip().lower())
    if user is None or not user.has_password:
        return
    if Invitation.objects.filter(user=user, made_by=user, made_at__gt=at - SIGN_IN_WINDOW).exists():
        return
    _close_links(user, at=at)
    link = {"to": user.email, "page": page, "expires_at": at + FORGOTTEN_FOR}
    Invitation.objects.create(user=user, made_by=user, made_at=at, **link)
    record(by=None, at=at, action="forget password", subject="user", subject_id=user.pk)
    _send_later()


def _who_can_be_invited(users: Sequence[User]) -> list[User]:
    people = turns(User.objects.filter(pk__in=[user.pk for user in users]))
    for user in people:
        if not user.is_active:
            raise CannotBeInvited(reason("{user} is disabled. Enable them first.", user=user.name))
        if not user.email:
            raise CannotBeInvited(
                reason("{user} has no address yet. Give one first: they sign in with it.", user=user.name)
            )
    return people


def _invite(user: User, *, by: User | None, at: dt.datetime, **link: object) -> None:
    again = _close_links(user, at=at)
    Invitation.objects.create(user=user, made_by=by, made_at=at, expires_at=expiry(at), **link)
    way = "by mail" if link.get("to") else "by a link"
    changes = {"way": [None, way], "an earlier link stopped": [None, bool(again)]}
    record(by=by, at=at, action="invite", subject="user", subject_id=user.pk, changes=changes)
    if user.can_sign_in:
        safety.tell(user, reason("A link was made by which a new password is chosen for you."), by=by, at=at)


def _send_later() -> None:
    from hingepoint.domain.people.tasks import send_invitations  # it calls back

    transaction.on_commit(send_invitations.enqueue)


@action
def revoke_invitation(*, by: User | None, at: dt.datetime, user: User) -> None:
    """Let the open link of ``user`` not work any more. Raises LinkOver when there is none."""
    _require_keeper(by)
    read_anew(user)
    if not _close_links(user, at=at):
        raise LinkOver("There is no open link any more.")
    record(by=by, at=at, action="revoke invitation", subject="user", subject_id=user.pk)


@dataclass(frozen=True, slots=True)
class Letter:
    """An invitation to be mailed: to whom, from whom, the link, and until when it works. ``forgotten``: they asked for it
    themselves, for a new password."""

    to: str
    name: str
    invited_by: str
    link: str
    expires_at: dt.datetime
    forgotten: bool = False
    language: str = ENGLISH


class NotDelivered(Exception):
    """The mail server is there and does not take this one letter."""


#: Mails that could not be sent are tried again for so long.
TRIED_FOR = dt.timedelta(days=1)


def send_invitations(*, at: dt.datetime, send: Callable[[Letter], None]) -> int:
    """Mail the invitations that wait, one after another; return how many went out.

    Each link is made and its digest kept before its mail goes, so that a worker that is killed leaves no link
    that nobody knows: the next one makes another. Why one could not be sent is kept with it. ``send`` raises
    NotDelivered, or OSError where the mail server cannot be used: then the others wait for the next time.
    Bears being run twice.
    """
    sent = 0
    waiting = Invitation.objects.waiting(at).filter(made_at__gt=at - TRIED_FOR)
    for pk in list(waiting.order_by("id").values_list("pk", flat=True)):
        try:
            sent += _send_one(pk, at=at, send=send)
        except OSError:
            break
    return sent


def _send_one(pk: int, *, at: dt.datetime, send: Callable[[Letter], None]) -> bool:
    """Return whether one invitation went out. Raises OSError."""
    token = secrets.token_urlsafe(32)
    letter = _make_letter(pk, at=at, token=token)
    if letter is None:
        return False
    mine = Invitation.objects.filter(digest=digest_of(token))
    try:
        send(letter)
    except (NotDelivered, OSError) as error:
        mine.update(problem=str(error)[:300])
        if isinstance(error, OSError):
            raise
        return False
    return bool(mine.update(sent_at=at, problem=""))


@action
def _make_letter(pk: int, *, at: dt.datetime, token: str) -> Letter | None:
    """Make the link of one invitation that waits; None where it was revoked or mailed meanwhile."""
    row = turn(Invitation.objects.waiting(at), pk=pk)
    if row is None:
        return None
    row.digest = digest_of(token)
    row.save(update_fields=["digest"])
    with speaking(row.user.reads):
        invited_by = row.made_by.name if row.made_by else say("Your administrator")
    forgotten = row.made_by_id == row.user_id
    return Letter(
        row.to, row.user.name, invited_by, row.page + token, row.expires_at, forgotten, row.user.reads
    )


@action
def choose_password(*, at: dt.datetime, token: str, password: str) -> User:
    """Let whoever holds the link choose their password; return them. The link works no more.

    Raises LinkOver, EasyPassword.
    """
    links = Invitation.objects.working(at).filter(digest=digest_of(token), user__is_active=True)
    users = turns(User.objects.filter(invitations__in=links))  # the person first, as who revokes a link does
    row = turn(links)
    if row is None:
        raise LinkOver("This link does not work any more.")
    (user,) = users
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise EasyPassword(" ".join(error.messages)) from None
    user.set_password(password)
    user.save(update_fields=["password"])
    row.used_at = at
    row.save(update_fields=["used_at"])
    record(by=user, at=at, action="choose password", subject="user", subject_id=user.pk)
    safety.tell(user, _NEW_PASSWORD, by=user, at=at)
    return user


@action
def add_team(*, by: User | None, at: dt.datetime, name: str, parent: Team | None = None) -> Team:
    """Add a team below ``parent`` (None: a root)."""
    _require_keeper(by)
    if parent:
        read_anew(parent)  # it may have moved: the path says below what the new team stands
    team = Team.objects.create(name=name, parent=parent)
    team.path = f"{parent.path if parent else '/'}{team.pk}/"
    team.save(update_fields=["path"])
    record(by=by, at=at, action="add", subject="team", subject_id=team.pk, changes={"name": [None, name]})
    return team


@action
def move_team(*, by: User | None, at: dt.datetime, team: Team, below: Team | None) -> None:
    """Let ``team`` and all teams below it stand below another (None: at the top). Where it stands already
    nothing changes. Raises NoSuchPlace.

    Who manages the new teams above sees its deals from their next request, who managed the old ones no
    more; history stays.
    """
    _require_keeper(by)
    kept = {row.pk: row for row in turns(Team.objects.all())}  # one move at a time
    team, below = kept[team.pk], kept[below.pk] if below else None
    if below and below.path.startswith(team.path):
        itself = (
            reason("itself")
            if below == team
            else reason("{team}, which is one of its own teams", team=below.name)
        )
        raise NoSuchPlace(reason("{team} cannot belong to {itself}.", team=team.name, itself=itself))
    if team.parent_id == (below.pk if below else None):
        return
    before = kept[team.parent_id] if team.parent_id is not None else None
    team.parent = below
    team.save(update_fields=["parent"])
    _write_paths(kept.values(), old=team.path, new=f"{below.path if below else '/'}{team.pk}/")
    changes = {"parent": [before.name if before else None, below.name if below else None]}
    record(by=by, at=at, action="move", subject="team", subject_id=team.pk, changes=changes)


def _write_paths(teams: Iterable[Team], *, old: str, new: str) -> None:
    moved = [team for team in teams if team.path.startswith(old)]
    for team in moved:
        team.path = new + team.path[len(old) :]
    longest = Team._meta.get_field("path").max_length
    if longest is not None and max(len(team.path) for team in moved) > longest:
        raise NoSuchPlace("That is deeper than teams can be nested.")
    Team.objects.bulk_update(moved, ["path"])


@action
def join_team(
    *,
    by: User | None,
    at: dt.datetime,
    user: User,
    team: Team,
    since: dt.date,
    until: dt.date | None = None,
    manages: bool = False,
) -> Membership:
    """Make ``user`` a member (or the manager) of ``team`` from a day on, until before another if it ended
    already. Raises AlreadyMember."""
    _require_keeper(by)
    read_anew(user)
    if until is None and user.memberships.filter(team=team, manages=manages, until__isnull=True).exists():
        raise AlreadyMember(reason("{user} is in {team} already.", user=user.name, team=team.name))
    times = {"since": since, "until": until}
    membership = Membership.objects.create(user=user, team=team, manages=manages, **times)
    record(
        by=by,
        at=at,
        action="join team",
        subject="user",
        subject_id=user.pk,
        changes={"team": [None, team.name], "manages": [None, manages]},
    )
    with speaking(user.reads):
        what = say(_MANAGES if manages else _BELONGS, team=team.name, day=conventions.day_in_full(since))
    safety.tell(user, what, by=by, at=at)
    return membership


@action
def leave_team(*, by: User | None, at: dt.datetime, membership: Membership, until: dt.date) -> None:
    """End a membership before ``until``; what was, stays in history. Raises LeftAlready."""
    _require_keeper(by)
    if read_anew(membership).until is not None:
        raise LeftAlready(
            reason("{user} left {team} already.", user=membership.user.name, team=membership.team.name)
        )
    membership.until = until
    membership.save(update_fields=["until"])
    record(
        by=by,
        at=at,
        action="leave team",
        subject="user",
        subject_id=membership.user_id,
        changes={"team": [membership.team.name, None]},
    )
    safety.tell(membership.user, reason("You leave {team}.", team=membership.team.name), by=by, at=at)


@action
def change_time(
    *, by: User | None, at: dt.datetime, membership: Membership, since: dt.date, until: dt.date | None
) -> None:
    """Say anew from when and until before when somebody is in a team."""
    _require_keeper(by)
    read_anew(membership)
    days = {"from": [membership.since, since], "until": [membership.until, until]}
    membership.since, membership.until = since, until
    membership.save(update_fields=["since", "until"])
    changes = {"team": membership.team.name, **days}
    number = membership.user_id
    record(by=by, at=at, action="change time in team", subject="user", subject_id=number, changes=changes)


@action
def save_view(
    *, by: User, at: dt.datetime, page: str, name: str, query: str, shared: bool = False, pinned: bool = False
) -> SavedView:
    """Keep a list's address under a name; the same name again replaces it."""
    view, _ = SavedView.objects.update_or_create(
        owner=by, page=page, name=name, defaults={"query": query, "shared": shared, "pinned": pinned}
    )
    record(by=by, at=at, action="save view", subject="saved view", subject_id=view.pk)
    return view


@action
def drop_view(*, by: User, at: dt.datetime, view_id: int) -> None:
    """Forget one of one's own saved views. Raises SavedView.DoesNotExist for anybody else's."""
    view = turn(SavedView.objects.all(), pk=view_id, owner=by)
    if view is None:
        raise SavedView.DoesNotExist(view_id)
    record(by=by, at=at, action="drop view", subject="saved view", subject_id=view.pk)
    view.delete()


#: Failed sign-ins within the window before the next one is refused unheard.
SIGN_IN_WINDOW = dt.timedelta(minutes=15)
FAILURES_OF_ACCOUNT_AT_ADDRESS, FAILURES_OF_ACCOUNT, FAILURES_OF_ADDRESS = 10, 50, 100


def require_sign_in_allowed(*, account: str, address: str, known: bool = False, at: dt.datetime) -> None:
    """Raise TooManySignIns before a password is looked at, so that guessing costs us no hashing.

    ``known``: ``address`` names a browser in which this account was signed in before. It answers for itself alone, so
    that whoever guesses elsewhere shuts nobody out.
    """
    recent = SignInFailure.objects.filter(at__gt=at - SIGN_IN_WINDOW, at__lt=at + SIGN_IN_WINDOW)
    limits = [(recent.filter(account=account, address=address), FAILURES_OF_ACCOUNT_AT_ADDRESS)]
    if not known:
        limits += [
            (recent.filter(account=account), FAILURES_OF_ACCOUNT),
            (recent.filter(address=address), FAILURES_OF_ADDRESS),
        ]
    if any(failures.count() >= limit for failures, limit in limits):
        raise TooManySignIns("Too many tries. Wait a quarter of an hour, then try again.")


@action
def note_failed_sign_in(*, account: str, address: str, known: bool = False, at: dt.datetime) -> None:
    """Count a failed sign-in and forget those outside the window. The one that shuts the door is put on record, with
    the person where there is one: what was typed instead may be a password."""
    SignInFailure.objects.filter(at__lte=at - SIGN_IN_WINDOW).delete()
    SignInFailure.objects.create(account=account[:254], address=address[:45], at=at)
    failures = SignInFailure.objects.filter(account=account, address=address)
    if failures.count() == FAILURES_OF_ACCOUNT_AT_ADDRESS:
        whose = User.objects.filter(email=account).values_list("pk", flat=True).first()
        changes = {"address": [None, address], "known browser": [None, known]}
        record(
            by=None,
            at=at,
            action="refuse sign-ins",
            subject="session",
            subject_id=whose or "unknown",
            changes=changes,
        )


def note_visit(*, by: User, at: dt.datetime) -> dt.date | None:
    """Note that a person opened their first page, and return the day of their last visit before today; None for the first. At
    most one statement a day; the trail tells nothing of it."""
    today = timezone.localdate(at)
    if by.visited_on != today:
        by.visited_before, by.visited_on = by.visited_on, today
        User.objects.filter(pk=by.pk).update(visited_before=by.visited_before, visited_on=today)
    return by.visited_before
