"""The trail in words: what each action did, as the rest of a sentence that begins with somebody's name.

An action without a sentence fails a test (``tests/domain/test_trail_words.py``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hingepoint.records import conventions
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.deals import EventKind
from hingepoint.records.languages import Sentence, say, told_again, words_of

_STATES = words_of(
    {
        AgreementState.NOT_NEEDED: "said that it is not needed",
        AgreementState.NEEDED: "said that it is needed",
        AgreementState.PLANNED: "planned it",
        AgreementState.ASKED: "noted that they were asked for it",
        AgreementState.SOFT: "noted kind words and no act",
        AgreementState.GAINED: "noted it as gained",
        AgreementState.KEPT: "noted that it was kept",
        AgreementState.BROKEN: "noted that it was broken",
        AgreementState.LAPSED: "noted that it lapsed",
        AgreementState.DECLINED: "noted that they declined",
        AgreementState.RENEGOTIATED: "noted that it was renegotiated",
    }
)
_NOTED = words_of(
    {
        EventKind.STAGE: "noted a stage",
        EventKind.ACTIVITY: "noted an activity",
        EventKind.FIELD: "noted a field of the CRM",
        EventKind.CONCESSION: "noted a concession",
        EventKind.DEMAND: "noted a demand",
        EventKind.ESCALATION: "noted a request for an exception",
        EventKind.EXECUTIVE: "noted an executive's part",
        EventKind.QUOTE: "noted a quote",
        EventKind.DOCUMENT: "noted a document",
    }
)
_TAKEN_BACK = words_of(
    {
        EventKind.STAGE: "took back a stage",
        EventKind.ACTIVITY: "took back an activity",
        EventKind.FIELD: "took back a field of the CRM",
        EventKind.CONCESSION: "took back a concession",
        EventKind.DEMAND: "took back a demand",
        EventKind.ESCALATION: "took back a request for an exception",
        EventKind.EXECUTIVE: "took back an executive's part",
        EventKind.QUOTE: "took back a quote",
        EventKind.DOCUMENT: "took back a document",
    }
)
_PLANS = words_of(
    {"comment": "commented the plan", "approved": "approved the plan", "returned": "returned the plan"}
)

#: What was changed -> action -> what somebody did.
SENTENCES: dict[str, dict[str, str]] = words_of(
    {
        "second factor": {
            "begin": "began to set up a second factor",
            "set up": "set up their second factor",
            "renew codes": "made new recovery codes",
            "use recovery code": "signed in with a recovery code",
            "refuse codes": "refused further codes for a while",
            "take away": "took a second factor away",
        },
        "passkey": {
            "add": "added a passkey",
            "remove": "took a passkey away",
            "use": "signed in by a passkey",
        },
        "sign-on": {
            "set up": "said where the company's sign-in is and what counts there",
            "let only": "said who signs in by password beside the company's account",
            "add group": "said what a group of the company's directory gives",
            "drop group": "let a group of the company's directory give nothing more",
            "use way out": "signed in by password while only the company's account counts",
        },
        "directory person": {
            "add": "said that the company's directory looks after somebody",
            "change": "said anew what the company's directory has of somebody",
            "drop": "said that the company's directory looks after somebody no more",
        },
        "directory group": {
            "add": "named a group of the company's directory",
            "change": "said anew who is in a group of the company's directory",
            "drop": "said that a group of the company's directory is gone",
        },
        "connection": {
            "connect": "connected a CRM",
            "sign in anew": "gave a connection another token, or another address",
            "forget": "deleted a connection that had brought nothing in",
            "say words": "said what stages and people of a CRM are here",
            "switch": "switched a connection",
            "set writing back": "said what is written back to a CRM",
            "set pace": "said how often a CRM is read",
            "believe": "said that what vanished from a CRM is gone",
            "set card hosts": "said which pages of a CRM may show cards of deals",
            "renew card key": "renewed the key that signs cards of deals",
            "fail": "could not read the CRM",
            "recover": "could read the CRM again",
        },
        "webhook": {
            "add": "let a program be told what changes",
            "change": "changed what a program is told, or where",
            "renew secret": "made a new secret for a webhook",
            "switch on": "switched a webhook on",
            "switch off": "switched a webhook off",
            "drop": "dropped a webhook",
            "send again": "had a message of a webhook sent again",
            "test": "sent a test to a webhook",
        },
        "secrets": {"renew key": "put the secrets of the database under a new key"},
        "deal": {
            "propose": "had something proposed by their assistant: nothing is written by that",
            "confirm proposal": "confirmed what had been proposed by an assistant",
            "refuse proposal": "refused what had been proposed by an assistant",
            "gone": "saw that the deal is gone in the CRM; it counts no more",
            "come back": "saw that the deal is in the CRM again; it counts again",
            "take over agreements": "gave the deal the agreements of one that the CRM merged into it",
            "hand over agreements": "gave the agreements of the deal to the one that the CRM merged it into",
            "add": "added the deal",
            "change": "changed the deal",
            "name contact": "named a person of the customer on the deal",
            "set corridor": "set the corridor",
            "look at walk-away": "looked at our walk-away",
            "give reason": "wrote down why they ask",
            "write coaching note": "wrote a coaching note",
            "confirm handover": "read the handover letter",
            "begin premortem": "began a pre-mortem",
            "answer premortem": "answered a pre-mortem",
            "look back": "wrote what would have had to be true",
            "write plan": "wrote the plan of the deal",
            "agree executive role": "agreed a role with an executive",
            "accept executive role": "said yes to an executive's role",
            "end executive role": "ended an executive's role",
            "change exception": "completed a request for an exception",
            "withdraw exception": "withdrew a request for an exception",
            "answer exception": "answered a request for an exception",
            "tag pressure": "tagged the deal with a pressure",
            "take back pressure": "took a pressure back",
            "bring exception back": "said what they gave for what was asked back",
            "pass on exception": "passed a request for an exception on",
            **{f"note {kind}": words for kind, words in _NOTED.items()},
            **{f"take back {kind}": words for kind, words in _TAKEN_BACK.items()},
            **{f"review plan: {verdict}": words for verdict, words in _PLANS.items()},
        },
        "agreement": {
            **{str(state): words for state, words in _STATES.items()},
            "take back": "took back a step",
            "keep": "said that an old one is still wanted",
            "join": "made one agreement of two, by tying a word to the catalogue",
            "write plan": "wrote the plan for the talk",
            "debrief": "debriefed a talk",
            "attach": "put evidence behind it",
            "withdraw": "withdrew evidence",
            "ask customer": "sent the customer a link to confirm it",
            "mail link": "had the customer mailed their link",
            "ask for code": "had a code mailed to the customer, at their request",
            "revoke link": "took back the link to the customer",
            **{f"review plan: {verdict}": words for verdict, words in _PLANS.items()},
        },
        "agreements": {
            "describe": "described agreements from a file",
            "lapse": "let agreements lapse that nobody checked again",
        },
        "requirements": {"refresh": "brought up to date what the playbook asks of deals"},
        "routine": {
            "define": "said what is required again and again",
            "change": "wrote a change of a routine",
            "put in force": "put a routine in force",
            "end": "ended a routine",
            "do": "did what a routine requires",
            "fall due": "let a routine fall due",
        },
        "message": {"send": "sent a message to everybody", "read": "read a message"},
        "principles": {
            "draft": "drafted the next version of the principles",
            "change": "changed the draft of the principles",
            "drop draft": "threw the draft of the principles away",
            "publish": "put principles in force",
            "archive": "put principles out of use",
            "agree": "agreed to the principles",
        },
        "question": {
            "retire": "said that a question is not asked any more",
            "ask again": "said that a question is asked again",
        },
        "hindsight": {"set limit": "said from which value on deals that ended are looked back on"},
        "coaching": {"hold coaching session": "held a coaching session"},
        "routines": {
            "fall due": "let routines fall due",
            "take as done": "took what the register knows as done",
        },
        "days off": {"take days off": "noted days off", "drop days off": "took days off back"},
        "plans": {"add": "added plans from a file"},
        "debriefs": {"add": "added debriefs from a file"},
        "deals": {
            "note events": "noted events on deals, through a program",
            "name contacts": "named people of customers on deals, from a file",
            "give reasons": "added reasons from a file",
            "set corridors": "set corridors from a file",
            "agree roles": "added roles of executives from a file",
        },
        "concessions": {"describe": "described concessions from a file"},
        "exceptions": {
            "describe": "added requests for exceptions from a file",
            "add chances": "added chances to decision diaries from a file",
        },
        "escalation": {"give pulse": "gave a pulse"},
        "account": {"add": "added the account"},
        "accounts": {"add": "added accounts from a file"},
        "contact": {"add": "added a person of the customer"},
        "contacts": {"add": "added people of customers from a file"},
        "user": {
            "add": "added the person",
            "change role": "changed their role",
            "enable": "let them sign in again",
            "disable": "disabled them",
            "set password": "set a new password",
            "choose language": "chose a language",
            "set address": "changed their address",
            "invite": "invited them",
            "revoke invitation": "took the invitation back",
            "forget password": "asked for a new password, as theirs is forgotten",
            "choose password": "chose a password by the link they were given",
            "merge": "merged two people into this one",
            "tell apart": "said that two people are not the same",
            "rename": "changed their name",
            "change time in team": "changed their time in a team",
            "join team": "put them in a team",
            "link account": "knew them by their account of the company",
            "end outside": "ended the address of their calendar and their chat, as they are let in no more",
            "keep last": "kept their role although their groups give another: they are needed to look after people",
            "leave team": "ended their time in a team",
        },
        "session": {
            "prove again": "showed once more that it is they",
            "sign in": "signed in",
            "sign out": "signed out",
            "last too long": "was signed out, for the sign-in was long ago",
            "rest too long": "was signed out, for nothing had happened in the browser for long",
            "end session": "signed out in another browser",
            "end other sessions": "signed out in every other browser",
            "end all sessions": "signed somebody out everywhere whom the company's directory does not let in any more",
            "refuse sign-ins": "refused further sign-ins for a quarter of an hour, after too many wrong passwords",
        },
        "token": {
            "make": "made a token for a program",
            "revoke": "revoked the token of a program",
            "revoke all": "revoked every token of somebody whom the company's accounts let in no more",
        },
        "file": {"take away": "took a file away"},
        "calendar": {
            "renew address": "made a new address for their calendar",
            "end address": "ended the address of their calendar",
        },
        "daily mail": {
            "choose": "chose how the mail of a day comes",
            "be quiet": "left something out of the mail of a day",
            "tell again": "let the mail of a day tell something again",
            "answer": "said whether a mail led to anything",
        },
        "signal in mails": {
            "leave out": "had mails leave a signal out that led to nothing",
            "tell again": "had mails tell a signal again",
        },
        "chat": {
            "choose": "said to which chat goes what the mail of a day tells",
            "leave": "let their chat be told nothing any more",
            "give up": "let somebody's chat be told nothing any more, as it took nothing on three days",
            "test": "sent a test to their chat",
        },
        "team chat": {
            "choose": "had a channel of the team told each day how much waits for its people",
            "leave": "let the channel of the team be told nothing any more",
            "give up": "let the channel of a team be told nothing any more, as it took nothing on three days",
            "test": "sent a test to the channel of the team",
        },
        "people": {"bring sheet": "brought people up to date from a sheet"},
        "team": {"add": "added the team", "move": "moved the team"},
        "saved view": {"save view": "saved a view", "drop view": "dropped a saved view"},
        "strategy": {
            "write": "wrote the strategy",
            "change": "changed the strategy",
            "set target": "set a target",
        },
        "own metric": {"define": "defined the metric"},
        "playbook": {
            "draft": "drafted the next version of the playbook",
            "choose": "chose an agreement as pivotal",
            "set standard": "described what good looks like",
            "drop": "dropped an agreement from the playbook",
            "publish": "published the playbook",
        },
        "policy": {
            "draft": "drafted new rules for exceptions",
            "set limits": "set the limits for exceptions",
            "add rule": "added a rule for exceptions",
            "drop rule": "dropped a rule for exceptions",
            "publish": "published the rules for exceptions",
        },
        "agreement type": {
            "add": "added the type",
            "overlay": "put the company's own words over the type",
            "tie": "tied the word to the catalogue",
            "take in": "tied a word to the type",
            "keep": "kept the word as a type of the company's own",
            "untie": "untied the word",
            "gather": "brought to the type what had still come to the tied word",
        },
        "catalogue": {"load": "loaded the shipped catalogue"},
        "detection rule": {
            "write": "wrote the rule",
            "switch on": "switched the rule on",
            "switch off": "switched the rule off",
            "take back": "took back what the rule had written",
            "detect": "read the traces by the rule",
        },
        "pressure rule": {
            "write": "wrote the rule",
            "switch on": "switched the rule on",
            "switch off": "switched the rule off",
            "take back": "took back every tag of the rule",
            "tag": "tagged deals by the rule",
        },
        "run": {
            "ask for run": "asked for a discovery",
            "repeat run": "repeated a discovery",
            "refresh run": "asked the discovery of the month again",
            "cancel run": "cancelled the discovery",
            "continue run": "continued the discovery",
            "finish run": "finished the discovery",
            "end run": "ended the discovery without a result",
            "forget uploads": "forgot the files of the discovery",
        },
        "finding": {
            "": "took the decision back",
            "signed": "signed the finding",
            "rejected": "rejected the finding",
        },
        "trial": {
            "draw lots": "drew the lots of a trial",
            "look early": "looked at a trial before its time",
            "show result": "kept what a trial showed",
        },
        "rollout": {
            "plan": "planned a rollout and fixed the seed of its lot",
            "enter": "entered a rollout with its days",
            "seal": "sealed the card of a rollout",
            "withdraw": "withdrew a rollout",
            "note cost": "noted what a rollout costs",
            "drop cost": "took a cost of a rollout back",
        },
        "signal": {
            "raise": "read that the signal rose",
            "end": "read that the signal is back to what is usual",
            "give": "gave the raise to somebody",
            "answer": "answered the raise",
            "decide": "said whether the raise led to a decision",
            "mute": "muted the raise",
            "unmute": "took the mute of the raise back",
        },
        "limits": {
            "set anew": "set the limits of a signal anew",
            "take back": "took back that limits were set anew",
        },
        "review": {
            "plan": "planned a review",
            "move": "moved a review to another day",
            "prepare": "chose the deals of a review",
            "open": "opened a review",
            "sit": "took part in a review",
            "write decision": "wrote down a decision",
            "write no_decision": "wrote down why nothing was decided",
            "write commitment": "wrote down a commitment",
            "write addition": "added to the minutes of a review",
            "settle kept": "said that a commitment was kept",
            "settle missed": "said that a commitment was not kept",
            "settle dropped": "said that a commitment is not needed any more",
            "end": "ended a review",
        },
        "self-assessment": {
            "open": "opened a round of the self-assessment",
            "close": "closed a round of the self-assessment",
            "renew link": "made a new link to the self-assessment",
        },
        "import": {"import": "imported files", "undo import": "took an import back"},
        "mapping": {"save": "saved a mapping", "drop": "dropped a mapping"},
    }
)

#: Fields whose name alone says too little.
_FIELDS = words_of(
    {
        "due_on": "promised by",
        "person_name": "person",
        "asked_of": "asked of",
        "link until": "link holds until",
        "needed_days": "needed within days",
        "own_name": "own name",
        "expected_close_on": "expected close",
        "parent": "belongs to",
    }
)
#: What stands for no value.
NOTHING = Sentence("nothing")
#: What a line of the trail leaves out: for machines, or said by the sentence already.
_LEFT_OUT = ("definition", "event", "exception", "key", "version")


@dataclass(frozen=True, slots=True)
class Moved:
    """One field of a change in words. ``before`` is None where only the new value was recorded."""

    field: str
    before: str | None
    after: str


def sentence(subject: str, action: str) -> str:
    """Return what somebody did, to stand after their name; the action's own name where there is none."""
    return told_again(SENTENCES.get(subject, {}).get(action) or action.replace("_", " "))


def moved(action: str, changes: Mapping[str, Any]) -> tuple[Moved, ...]:
    """Return the recorded changes in words; what did not change and what is for machines is left out."""
    if action == "write plan":  # recorded by part: how many lines are the writer's own
        return (Moved(say("lines in their own words"), None, str(sum(changes.values()))),)
    if action.startswith(("note ", "take back ")) and isinstance(changes.get("name"), str):
        return (Moved(say("what"), None, _told("name", changes["name"])),)
    found = (_moved(name, value) for name, value in changes.items() if name not in _LEFT_OUT)
    return tuple(one for one in found if one is not None and one.before != one.after)


def _moved(name: str, value: Any) -> Moved | None:
    if value == [None, False]:
        return None
    field = told_again(_FIELDS.get(name, name.replace("_", " ")))
    if isinstance(value, list) and len(value) == 2:
        return Moved(field, *(_told(name, one) for one in value))
    if isinstance(value, dict):
        value = ", ".join(f"{n} {what}" for what, n in value.items() if n)
    told = _told(name, value)
    return Moved(field, None, told) if told != NOTHING.said() else None


def _told(name: str, value: Any) -> str:
    if value is None or value in ("", [], {}):
        return NOTHING.said()
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if name == "evidence" and value in range(len(Evidence)):
        return Evidence(value).label.lower()
    if isinstance(value, list):
        return ", ".join(_told(name, one) for one in value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return _day_or_words(str(value))


def _day_or_words(text: str) -> str:
    """Return a recorded day as people write it, and a key of ours such as in_force without its underscores."""
    try:
        day = dt.date.fromisoformat(text[:10]) if text[4:5] == "-" else None
    except ValueError:
        day = None
    if day:
        return conventions.day(day)
    return text.replace("_", " ") if text.islower() and not set(text) & set(" .:@/") else text
